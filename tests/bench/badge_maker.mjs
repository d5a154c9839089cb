// The peer for badges: one process, one badge drawn for each request, the way badge-maker is meant to be used.
import http from "node:http";
import { makeBadge } from "badge-maker";

const port = Number(process.argv[2]);

http
  .createServer((_request, response) => {
    const badge = makeBadge({
      label: "Mistral AI: against reckless scaling",
      message: "0 signed",
      color: "#5d5a52",
    });
    response.setHeader("Content-Type", "image/svg+xml; charset=utf-8");
    response.setHeader("Content-Length", Buffer.byteLength(badge));
    response.setHeader("Cache-Control", "public, max-age=300, s-maxage=300");
    response.end(badge);
  })
  .listen(port, "127.0.0.1");
