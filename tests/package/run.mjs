// Every test of packages in one process, one after the other: `npm run package:test`.
import "./make.test.mjs";
import "./runtime.test.mjs";
import "./deb.test.mjs";
import "./appimage.test.mjs";
import "./launcher.test.mjs";
