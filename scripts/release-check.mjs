// `npm run release:check [-- --tag vX.Y.Z]`: what must agree before a release, and the workflows that make one.
// `--quick` leaves out what has to be installed first; `--notes` prints what CHANGELOG.md says of this version.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pythonWith } from "./lib/python.mjs";
import { brokenActions, brokenChangelog, brokenVersions, changes, version } from "./lib/release.mjs";
import { main, run, Stop } from "./lib/run.mjs";

const WORKFLOWS = ["ci.yml", "release.yml"].map((name) => `.github/workflows/${name}`);

await main(async (args) => {
  const { tag, quick, notes } = parsed(args);
  if (notes) {
    const section = changes().find((found) => found.version === version());
    if (section === undefined) throw new Stop(`CHANGELOG.md has no section for ${version()}`);
    console.log(section.text);
    return 0;
  }
  const broken = [...brokenVersions(tag), ...brokenChangelog(tag), ...brokenActions()];
  for (const sentence of broken) console.error(sentence);
  if (broken.length > 0) return 1;
  console.log(`${version()}: the version, the changelog and the actions are as they should be`);
  return quick ? 0 : workflows();
});

function parsed(args) {
  try {
    const [text, flag] = [{ type: "string" }, { type: "boolean" }];
    return parseArgs({ args, options: { tag: text, quick: flag, notes: flag } }).values;
  } catch (error) {
    throw new Stop(`${error.message}\nUse: npm run release:check [-- --tag vX.Y.Z | --quick | --notes]`);
  }
}

/** What is wrong in the workflows, and what an attacker could do with them. */
async function workflows() {
  const python = await pythonWith("scripts/release-requirements.txt", "python-release");
  if (python === undefined) return 1;
  const tool = (name) => join(python, "..", name);
  const wrong = await run(tool("actionlint"), WORKFLOWS);
  return (await run(tool("zizmor"), ["--offline", "--no-progress", "--persona", "pedantic", ...WORKFLOWS])) || wrong;
}
