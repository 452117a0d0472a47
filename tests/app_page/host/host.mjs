// A host as its makers would write one: AppBridge and its transport, an iframe without the host's origin.

import { AppBridge, PostMessageTransport } from "@modelcontextprotocol/ext-apps/app-bridge";

let bridge;
let answers = [];
let held = [];
let seen;

async function start({ address, context, capabilities, hold, refuseLinks, fit }) {
  document.body.replaceChildren();
  await bridge?.close();
  seen = { initialized: 0, app: null, calls: [], links: [], sizes: [] };
  answers = [];
  held = [];
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.style.cssText = "width:100vw;height:100vh";
  document.body.append(frame);
  bridge = new AppBridge(null, { name: "a host", version: "1" }, capabilities, { hostContext: context });
  bridge.oninitialized = () => {
    seen.initialized += 1;
    seen.app = { info: bridge.getAppVersion(), capabilities: bridge.getAppCapabilities() };
  };
  bridge.oncalltool = async (call) => {
    seen.calls.push(call);
    const answer = answers.shift();
    if (answer === undefined) return new Promise(() => {});
    if (answer.refused) throw new Error(answer.refused);
    return answer;
  };
  bridge.onopenlink = async ({ url }) => {
    seen.links.push(url);
    return refuseLinks ? { isError: true } : {};
  };
  bridge.onsizechange = (size) => {
    seen.sizes.push(size);
    if (fit) frame.style.height = `${size.height}px`;
  };
  const transport = new PostMessageTransport(frame.contentWindow, frame.contentWindow);
  await bridge.connect(transport);
  if (hold) holdBack(transport);
  const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
  frame.src = address;
  await loaded;
}

// A host that is slow to answer what the page asks, yet quick to send what it has.
function holdBack(transport) {
  const deliver = transport.onmessage;
  transport.onmessage = (message, extra) => (held ? held.push([message, extra]) : deliver(message, extra));
  transport.release = () => {
    const late = held;
    held = null;
    late.forEach(([message, extra]) => deliver(message, extra));
  };
  release = transport.release;
}

let release = () => {};

window.host = {
  start,
  release: () => release(),
  input: (given) => bridge.sendToolInput({ arguments: given }),
  result: (result) => bridge.sendToolResult(result),
  cancel: () => bridge.sendToolCancelled({ reason: "the person stopped it" }),
  context: (context) => bridge.sendHostContextChange(context),
  answer: (...next) => { answers = next; },
  tearDown: () => bridge.teardownResource({}),
  unknownRequest: () => new Promise((resolve) => {
    const frame = document.querySelector("iframe").contentWindow;
    addEventListener("message", ({ data }) => data.id === "unknown" && resolve(data));
    frame.postMessage({ jsonrpc: "2.0", id: "unknown", method: "no/such", params: {} }, "*");
  }),
  seen: () => seen,
};
