// One campaign with everything known of it, or a board of many in the order given, which is the worst first.

const charts = new Map(); // the burndowns on the page, each with what draws it for a width

function keyOf(campaign) {
  return `c-${String(campaign.org ?? "").replace(/[^\w-]/g, "")}-${Number(campaign.campaign_number)}`;
}

function bar(id, campaign) {
  const all = total(campaign);
  const used = numeric(campaign.time_used);
  const at = `${Math.min(1, Math.max(0, used)) * 100}%`;
  const share = (value) => `${all ? ((numeric(value) ?? 0) / all) * 100 : 0}%`;
  const closed = share(campaign.closed_count);
  return picture(
    `${id}-bar`,
    all ? `${closedPercent(campaign)} closed` : "No alerts",
    `${countsSentence(campaign)}.${used === null ? "" : ` ${percent(used)} of the time used.`}`,
    { class: "bar" },
    svg("rect", { class: "closed", width: closed, height: 14, rx: 2 }),
    svg("rect", { fill: "url(#hatch)", x: closed, width: share(campaign.in_progress_count), height: 14 }),
    svg("rect", { class: "track", width: "100%", height: 14, rx: 2 }),
    used !== null && ["halo", "tick"].map((kind) => svg("line", { class: kind, x1: at, x2: at, y1: -4, y2: 18 })),
  );
}

function barLegend(campaigns) {
  const size = { width: 14, height: 12 };
  const box = (attributes) => svg("svg", { ...size, "aria-hidden": "true" }, svg("rect", { ...size, ...attributes }));
  const tick = svg("svg", { width: 4, height: 14, "aria-hidden": "true" }, svg("path", { class: "tick", d: "M2 0V14" }));
  return html(
    "ul",
    { class: "legend" },
    html("li", {}, box({ class: "closed" }), "Closed"),
    html("li", {}, box({ fill: "url(#hatch)" }), "In progress"),
    html("li", {}, box({ fill: "none", stroke: "var(--quiet)" }), "Open"),
    campaigns.some((campaign) => numeric(campaign.time_used) !== null) && html("li", {}, tick, "Time used"),
  );
}

function place(campaign) {
  const number = `#${count(campaign.campaign_number).replaceAll(",", "")}`;
  return html("span", { class: "quiet" }, campaign.org ? [name(campaign.org), " "] : "", number);
}

function figure(id, campaign, among) {
  const trend = trendOf(campaign);
  if (!trend && among && !campaign.burndown) return null; // a report about many leaves it out to stay short
  const said = (sentence) => html("p", { class: "said" }, sentence);
  if (!trend) return said("No history yet: the burndown appears once this server has seen the campaign over time.");
  const holder = html("div", { class: "chart" });
  charts.set(holder, (width) => drawBurndown(id, trend, campaign, width));
  return html(
    "figure",
    {},
    trend.points.length === 1 && said(`One reading so far, of ${date(trend.last[0])}: a trend needs at least two.`),
    holder,
    burndownLegend(trend),
    tableBehind(`${id}-table`, burndownTable(trend)),
  );
}

function repositories(id, campaign) {
  const told = campaign.left_fixed_dismissed_by_repository;
  const rows = Array.isArray(told) ? told.filter(Array.isArray) : [];
  if (!rows.length) return null;
  const columns = ["Left", "Fixed", "Dismissed"].map((title) => ({ title, number: true }));
  return disclosure(`${id}-repositories`, "By repository", null, () =>
    table("Alerts by repository, most left first", [{ title: "Repository" }, ...columns], rows.map(
      ([repository, left, fixed, dismissed]) => [name(repository), count(left), count(fixed), count(dismissed)])));
}

function whole(id, campaign, report) {
  const among = report.campaigns.length > 1;
  return [figure(id, campaign, among), facts(campaign, report.since), html("div", {}, repositories(id, campaign))];
}

function standing(campaign, more) {
  return html("p", { class: "line" }, status(campaign), html("span", {}, endSentence(campaign)), place(campaign), more);
}

function one(campaign, report, link) {
  const id = keyOf(campaign);
  return html(
    "section",
    {},
    html("h1", { id }, name(campaign.name)),
    standing(campaign, link(campaign, id)),
    html("p", {}, plain(campaign.reason ?? report.summary)),
    html("div", {}, html("p", {}, countsSentence(campaign)), bar(id, campaign)),
    barLegend([campaign]),
    whole(id, campaign, report),
  );
}

function many(report, link) {
  const campaigns = report.campaigns;
  const totals = totalsSentence(report);
  return html(
    "section",
    {},
    html("h1", {}, "Campaign progress"),
    html("p", {}, plain(report.summary)),
    totals && html("p", {}, totals),
    campaigns.length > 0 && barLegend(campaigns),
    html("ol", { class: "board" }, campaigns.map((campaign) => boardRow(campaign, report, link))),
    campaigns.length > 0 && html("div", {}, tableBehind("board-table", boardTable(campaigns))),
  );
}

function boardRow(campaign, report, link) {
  const id = keyOf(campaign);
  const inside = () => {
    const reason = (shown) => shown.reason && html("p", {}, plain(shown.reason));
    const end = (shown) => !campaign.ends_at && shown.ends_at && html("p", {}, endSentence(shown));
    const content = (shown) => [end(shown), reason(shown), link(shown, id), ...whole(id, shown, report)];
    const section = html("section", {}, content(campaign));
    const reading = campaign.burndown ? null : readWhole(campaign);
    if (!reading) return section;
    const waiting = html("p", { class: "waiting" }, "Reading the campaign");
    section.append(waiting);
    reading.then(
      (read) => section.replaceChildren(...html("section", {}, content(read)).childNodes),
      (problem) => waiting.replaceChildren(`Could not be read: ${problem.message}`),
    ).then(draw);
    return section;
  };
  const [button, holder] = disclosure(`${id}-details`, "Details", id, inside);
  return html(
    "li",
    {},
    html("h2", { id }, name(campaign.name)),
    standing(campaign),
    bar(id, campaign),
    html("p", { class: "row" }, html("span", {}, countsSentence(campaign)), button),
    holder,
  );
}

function boardTable(campaigns) {
  const timed = campaigns.some((campaign) => numeric(campaign.time_used) !== null);
  const numbers = ["Open", "In progress", "Closed", "Days left", ...(timed ? ["Time used"] : [])];
  const columns = [{ title: "Campaign" }, { title: "Status" }, ...numbers.map((title) => ({ title, number: true }))];
  const told = (value, say) => (numeric(value) === null ? "not told" : say(value));
  return table("Campaigns, the worst first", columns, campaigns.map((campaign) => [
    name(campaign.name),
    STATUSES[known(campaign.status)][0],
    ...[campaign.open_count, campaign.in_progress_count, campaign.closed_count].map(count),
    told(campaign.days_left, count),
    ...(timed ? [told(campaign.time_used, percent)] : []),
  ]));
}
