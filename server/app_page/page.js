// What ties it together: the report shown, the conversation with the host, the size.

const found = (id) => document.getElementById(id);
const given = JSON.parse(found("given").textContent);
const state = { report: null, arguments: null, context: {}, capabilities: {}, refreshing: false, size: "" };
const host = given || window.parent === window ? null : connectHost(notified);

function tell(text) {
  found("told").textContent = text;
}

function link(campaign, id) {
  const address = httpsAddress(campaign.url);
  if (!address) return null;
  const elsewhere = { href: address, target: "_blank", rel: "noopener noreferrer" };
  const anchor = html("a", { id: `${id}-link`, ...elsewhere }, "Open on GitHub");
  if (host) {
    anchor.addEventListener("click", (event) => {
      event.preventDefault();
      const refused = () => tell(`The host did not open ${address}`);
      host.request("ui/open-link", { url: address }, PATIENCE).then((result) => result.isError && refused(), refused);
    });
  }
  return anchor;
}

function httpsAddress(url) {
  try {
    const { protocol, username, password, href } = new URL(url);
    return protocol === "https:" && !username && !password ? href : null;
  } catch {
    return null;
  }
}

function remarks(title, lines) {
  if (!Array.isArray(lines) || !lines.length) return null;
  const items = lines.map((line) => html("li", {}, name(line)));
  return html("div", { class: "said" }, html("h3", {}, title), html("ul", {}, items));
}

function show(report) {
  const focused = document.activeElement?.id;
  charts.clear();
  const drawn = report.campaigns.length === 1 ? one(report.campaigns[0], report, link) : many(report, link);
  const said = [remarks("Not everything could be read", report.partial), remarks("Notes", report.notes)];
  drawn.append(...said.filter(Boolean));
  state.report = report;
  found("report").replaceChildren(drawn);
  found("as-of").textContent = `As of ${moment(report.as_of)}`;
  draw();
  if (focused) found(focused)?.focus({ preventScroll: true });
}

// A file is for reading, and for paper: everything but the campaigns' details is open from the start.
function showFile(report) {
  for (const campaign of report.campaigns) opened.add(`${keyOf(campaign)}-repositories`);
  show(report);
}

function draw() {
  for (const [holder, drawing] of charts) {
    if (holder.isConnected && holder.clientWidth) holder.replaceChildren(drawing(holder.clientWidth));
  }
  for (const holder of document.querySelectorAll(".scroll")) {
    holder.toggleAttribute("tabindex", !holder.classList.contains("aside") && holder.scrollWidth > holder.clientWidth);
    if (holder.hasAttribute("tabindex")) holder.tabIndex = 0; // what moves sideways has to be reached by keyboard
  }
}

// The report in a tool's result: structured, or as JSON text where a host drops the structure.
function reportIn(result) {
  const texts = (Array.isArray(result.content) ? result.content : []).filter((block) => block?.type === "text");
  const said = texts.map((block) => block.text).join("\n");
  if (result.isError) throw new Error(plain(said) || "The tool failed.");
  const isReport = (value) => Array.isArray(value?.campaigns);
  if (isReport(result.structuredContent)) return result.structuredContent;
  try {
    const read = JSON.parse(said);
    if (isReport(read)) return read;
  } catch {
    // text for people, then
  }
  throw new Error(plain(said) || "The result holds no report.");
}

function receive(result) {
  try {
    show(reportIn(result));
    tell("");
    return true;
  } catch (problem) {
    if (state.report) tell(`Could not be refreshed: ${problem.message}`);
    else nothing(`There is no report: ${problem.message}`);
    return false;
  }
}

function nothing(text) {
  found("report").replaceChildren(html("p", { class: "waiting" }, text));
}

function offerRefresh() {
  found("refresh").hidden = !callable();
}

// Asked again, "since the last report" would mean since a moment ago, so the time it stood for is asked for, if any.
function repeated(given) {
  if (given.since !== "last_report" || !state.report) return given;
  const { since, ...others } = given;
  return state.report.since ? { ...others, since: String(state.report.since) } : others;
}

const callable = () => Boolean(host && state.arguments && state.capabilities.serverTools);

function callTool(given) {
  const tool = state.context.toolInfo?.tool?.name || "report_progress";
  return host.request("tools/call", { name: tool, arguments: given }, PATIENCE);
}

// A list tells little of each campaign, so the rest is asked for when it is to be seen.
function readWhole(campaign) {
  if (!callable()) return null;
  const { org, since } = repeated(state.arguments);
  const asked = { org: campaign.org ?? org, since, campaign_number: campaign.campaign_number };
  return callTool(asked).then((result) => reportIn(result).campaigns[0] || campaign);
}

async function refresh() {
  if (state.refreshing) return;
  state.refreshing = true;
  found("refresh").setAttribute("aria-disabled", "true");
  tell("Refreshing");
  try {
    if (receive(await callTool(repeated(state.arguments)))) tell("Refreshed");
  } catch (problem) {
    tell(`Could not be refreshed: ${problem.message}`);
  }
  found("refresh").removeAttribute("aria-disabled");
  state.refreshing = false;
}

function notified(method, params) {
  if (method === "ui/notifications/tool-result") receive(params);
  else if (method === "ui/notifications/tool-cancelled" && !state.report) nothing("The report was cancelled");
  else if (method === "ui/notifications/tool-input") state.arguments = params.arguments || {};
  else if (method === "ui/notifications/host-context-changed") adopt(params);
  offerRefresh();
}

function adopt(context) {
  state.context = { ...state.context, ...context };
  wear(state.context);
  draw();
  sendSize();
}

function sendSize() {
  if (!host || !state.connected) return;
  const { maxWidth } = state.context.containerDimensions || {};
  const width = numeric(maxWidth) === null ? window.innerWidth : Math.min(maxWidth, 760);
  const height = Math.ceil(ROOT.getBoundingClientRect().height);
  if (state.size === `${width} ${height}`) return;
  state.size = `${width} ${height}`;
  host.notify("ui/notifications/size-changed", { width, height });
}

async function start() {
  found("refresh").addEventListener("click", refresh);
  found("report").addEventListener("click", draw); // a disclosure that was opened may hold a chart
  let width = 0;
  const sized = () => {
    if (width !== window.innerWidth) draw();
    width = window.innerWidth;
    sendSize();
  };
  new ResizeObserver(() => requestAnimationFrame(sized)).observe(document.body);
  if (given) showFile(given);
  if (!host) return;
  const result = await host.request("ui/initialize", introduction());
  state.capabilities = result.hostCapabilities || {};
  adopt({ ...result.hostContext, ...state.context });
  host.notify("ui/notifications/initialized", {});
  state.connected = true;
  offerRefresh();
  sendSize();
}

start().catch((problem) => tell(`The host refused the page: ${problem.message}`));
