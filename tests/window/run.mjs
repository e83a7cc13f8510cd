// Every window test in one process, one after the other, and in the end the long ones side by side:
//   node --test-reporter=spec [--test-name-pattern=WORDS] tests/window/run.mjs
import "./blank.test.mjs";
import "./call.test.mjs";
import "./conversation.test.mjs";
import "./desk.test.mjs";
import "./echo.test.mjs";
import "./full-screen.test.mjs";
import "./gallery.test.mjs";
import "./instance.test.mjs";
import "./invite.test.mjs";
import "./keyboard.test.mjs";
import "./leave.test.mjs";
import "./network.test.mjs";
import "./news.test.mjs";
import "./remember.test.mjs";
import "./ring.test.mjs";
import "./settings.test.mjs";
import "./soundcheck.test.mjs";
import "./talk.test.mjs";
import "./traces.test.mjs";
import "./tray.test.mjs";
import "./verify.test.mjs";
import { longTests } from "./stage.mjs";

longTests();
