// The peer for drawing: badge-maker alone, after it has warmed up. Prints how many badges a second.
import { makeBadge } from "badge-maker";

const count = Number(process.argv[2]);
const label = "Mistral AI: against reckless scaling";

const draw = () => {
  const begun = process.hrtime.bigint();
  for (let number = 0; number < count; number++) makeBadge({ label, message: `${number} signed`, color: "#5d5a52" });
  return Number(process.hrtime.bigint() - begun) / 1e9;
};

draw();
console.log(count / draw());
