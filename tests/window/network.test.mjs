// The pages have no network of their own.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { windowTest } from "./stage.mjs";

windowTest("nothing that a page tries reaches the network", async (stage) => {
  const arrived = [];
  const server = createServer((request, response) => {
    // A browser asks for that by itself.
    if (request.url !== "/favicon.ico") arrived.push(request.url.slice(1));
    response.setHeader("access-control-allow-origin", "*");
    response.end("<!doctype html><title>elsewhere</title>");
  });
  server.on("upgrade", (request, socket) => {
    arrived.push(request.url.slice(1));
    socket.destroy();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `127.0.0.1:${server.address().port}`;
  try {
    // In a page without a policy all of this arrives, or the test would prove nothing.
    const browser = await stage.browse("visitor");
    await browser.driver.get(`http://${address}/page`);
    const tried = await browser.driver.executeAsyncScript(`(${knock})(...arguments)`, address);
    assert.deepEqual(new Set(arrived), new Set(["page", ...tried]));
    await stage.close("visitor");

    arrived.length = 0;
    const alice = await stage.open("alice");
    await alice.one("connect-name");
    assert.deepEqual(await alice.driver.executeAsyncScript(`(${knock})(...arguments)`, address), tried);
    await alice.driver.executeScript(`location.href = "http://${address}/leave"`);
    await alice.one("connect-name");
    assert.deepEqual(arrived, []);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

/** In the page: tries every way out, and gives their names once each has come to something. */
async function knock(address, done) {
  const url = (way) => `http://${address}/${way}`;
  const element = (name, attribute, way) =>
    new Promise((resolve) => {
      const made = document.createElement(name);
      Object.assign(made, { onload: resolve, onerror: resolve });
      // What a policy holds back says so in one way or another, or in none.
      setTimeout(resolve, 1500);
      made[attribute] = url(way);
      if (name === "link") made.rel = "stylesheet";
      document.body.append(made);
    });
  const socket = (Kind, address) =>
    new Promise((resolve) => {
      try {
        Object.assign(new Kind(address), { onopen: resolve, onerror: resolve });
      } catch {
        resolve();
      }
      setTimeout(resolve, 1500);
    });
  const ways = {
    fetch: () => fetch(url("fetch")),
    beacon: () => navigator.sendBeacon(url("beacon"), "x"),
    img: () => element("img", "src", "img"),
    script: () => element("script", "src", "script"),
    style: () => element("link", "href", "style"),
    frame: () => element("iframe", "src", "frame"),
    object: () => element("object", "data", "object"),
    websocket: () => socket(WebSocket, `ws://${address}/websocket`),
    events: () => socket(EventSource, url("events")),
  };
  await Promise.allSettled(Object.values(ways).map(async (way) => way()));
  done(Object.keys(ways));
}
