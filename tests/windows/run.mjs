// Every test of what is built for Windows, in one process: `npm run check:windows`.
import "./installer.test.mjs";
import "./peer.test.mjs";
import "./start.test.mjs";
