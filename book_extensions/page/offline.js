// Keeps what a reader has used, for a visit without network. live.js registers it once Python runs.
// Files whose names hold a hash of their content come from the cache. All others, pages above all,
// come from the network as long as there is one.
"use strict";

const here = new URL("./", location).href;
const CACHE = `book ${here}`; // others may live beside it
const HASHED = ["_python", "_frames", "_views", "_starts"];
const hashed = (url) => HASHED.some((folder) => url.startsWith(`${here}${folder}/`));

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(here)) event.respondWith(answer(event));
});

async function answer(event) {
  const { request } = event;
  const cache = await caches.open(CACHE);
  if (hashed(request.url)) {
    const kept = await cache.match(request.url);
    if (kept) return kept;
  }
  try {
    const fresh = await fetch(request);
    // the page does not wait until it is kept
    if (fresh.ok && fresh.status === 200) event.waitUntil(cache.put(request.url, fresh.clone()).catch(() => {}));
    return fresh;
  } catch (error) {
    const kept = await cache.match(request.url, { ignoreSearch: request.mode === "navigate" });
    if (kept) return kept;
    throw error;
  }
}

// A page names what it has loaded, and which of the files with a hash are still in use.
self.addEventListener("message", (event) => event.waitUntil(keep(event.data, event.ports[0])));

async function keep({ loaded, python }, port) {
  const cache = await caches.open(CACHE);
  for (const { url } of await cache.keys()) {
    if (url.startsWith(`${here}_python/`) && !python.includes(url)) await cache.delete(url);
  }
  let kept = true;
  const needed = [loaded[0], ...python]; // the page itself
  for (const url of new Set([...loaded, ...python])) {
    if (!url.startsWith(here) || (hashed(url) && (await cache.match(url)))) continue;
    try {
      await cache.add(url);
    } catch {
      kept &&= !needed.includes(url); // no room, or no network any more
    }
  }
  port.postMessage({ kept });
}
