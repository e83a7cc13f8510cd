import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/svelte";
import { afterEach } from "vitest";

// A failure names what is missing; the whole page beside it would hide that.
configure({ getElementError: (message) => new Error(message ?? "not found") });

afterEach(cleanup);
