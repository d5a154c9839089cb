/**
 * What an address shows about a lab, as the server will decide it too.
 *
 * @typedef {{domain: string, scope: "lab" | "group"}} Domain
 * @typedef {{slug: string, name: string, domains: Domain[]}} Lab
 * @typedef {{lab: Lab, scope: "lab" | "group"}} Found
 */

/**
 * The domain of an address in its ASCII form, or null while none has been typed.
 * @param {string} address
 */
export function domainOf(address) {
  const domain = address.trim().split("@")[1];
  if (!domain) return null;
  try {
    return new URL(`https://${domain}`).hostname;
  } catch {
    return null;
  }
}

/**
 * The labs that have a domain: one, or several units of a group.
 * @param {readonly Lab[]} labs
 * @param {string} domain
 * @returns {Found[]}
 */
export function labsOf(labs, domain) {
  return labs.flatMap((lab) =>
    lab.domains.filter((known) => known.domain === domain).map(({ scope }) => ({ lab, scope })),
  );
}

/**
 * How a signing from an address would count.
 * @param {Lab | null} lab that the person chose
 * @param {string | null} domain
 * @returns {import("./statement.js").Assurance}
 */
export function assuranceOf(lab, domain) {
  const scope = lab?.domains.find((known) => known.domain === domain)?.scope;
  return scope === "lab" ? "lab-email" : scope === "group" ? "group-email" : "email";
}
