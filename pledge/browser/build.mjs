// Bundle the pages' scripts and the style sheet into ../static: the same bytes every time and on every path, so that
// anybody can build them again and compare them with what the log says was served.

import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = fileURLToPath(new URL("../static/", import.meta.url));

const pages = (await readdir(join(here, "src/pages"))).filter((name) => name.endsWith(".js")).sort();
const images = (await readdir(here)).filter((name) => /\.(svg|png|ico)$/.test(name)).sort();

await mkdir(out, { recursive: true });
const options = /** @type {const} */ ({
  absWorkingDir: here,
  outdir: out,
  bundle: true,
  charset: "utf8",
  format: "esm",
  legalComments: "eof",
  metafile: true,
  minify: true,
  sourcemap: false,
  target: "es2022",
});
// What age/library.js fetches late is a file of its own, which scripts name by its hash.
const { metafile } = await build({
  ...options,
  entryPoints: { age: "age-encryption" },
  entryNames: "[name]-[hash]",
});
const library = basename(String(Object.keys(metafile.outputs)[0]));
await build({
  ...options,
  entryPoints: [...pages.map((name) => `src/pages/${name}`), "style.css"],
  entryNames: "[name]",
  plugins: [
    {
      name: "library",
      setup: ({ onResolve }) =>
        onResolve({ filter: /^age-encryption$/ }, () => ({ path: `./${library}`, external: true })),
    },
  ],
});
await Promise.all(images.map((name) => copyFile(join(here, name), join(out, name))));

// What an earlier build left behind must not be served, nor logged as released.
const built = new Set([...pages, ...images, library, "style.css"].map((name) => basename(name)));
const stale = (await readdir(out)).filter((name) => !built.has(name));
await Promise.all(stale.map((name) => rm(join(out, name), { recursive: true })));
