// The host's side of MCP Apps, by hand: JSON-RPC 2.0 over postMessage, specification 2026-01-26,
// https://github.com/modelcontextprotocol/ext-apps/blob/main/specification/2026-01-26/apps.mdx

const PATIENCE = 60000; // milliseconds for a call of a tool or the opening of a link

function connectHost(notified) {
  const host = window.parent;
  const waiting = new Map();
  let lastId = 0;
  const send = (message) => host.postMessage({ jsonrpc: "2.0", ...message }, "*"); // the host's origin is not told
  const answer = (id, method) => {
    if (method === "ping" || method === "ui/resource-teardown") send({ id, result: {} });
    else send({ id, error: { code: -32601, message: "Method not found" } });
  };
  const settle = ({ id, result, error }) => {
    const asked = waiting.get(id);
    if (!waiting.delete(id)) return;
    if (error) asked.reject(new Error(plain(error.message)));
    else asked.resolve(result || {});
  };
  window.addEventListener("message", ({ source, data: message }) => {
    if (source !== host || message?.jsonrpc !== "2.0") return;
    if (message.method === undefined) settle(message);
    else if (message.id !== undefined) answer(message.id, message.method);
    else notified(message.method, message.params || {});
  });
  return {
    notify: (method, params) => send({ method, params }),
    request(method, params, patience) {
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        const late = () => settle({ id, error: { message: "The host did not answer in time." } });
        if (patience) setTimeout(late, patience);
        send({ id, method, params });
      });
    },
  };
}

function introduction() {
  return {
    protocolVersion: "2026-01-26",
    appInfo: { name: "security-campaigns-progress", version: "1" },
    appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
  };
}
