// Numbers, dates (UTC, as everywhere in this server) and the sentences made of them.

const DAY = 86400000;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const STATUSES = {
  done: ["Done", "M8 0a8 8 0 1 0 0 16A8 8 0 1 0 8 0Z", "M4.5 8.5 7 11l4.5-5.5"],
  on_track: ["On track", "M1 3a2 2 0 0 1 2-2h10a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H3a2 2 0 0 1-2-2Z", "M5 11l5.5-5.5M6 5h5v5"],
  at_risk: ["At risk", "M8 .5 16 15H0Z", "M8 6v3.5M8 12.2v.1"],
  overdue: ["Overdue", "M8-.5 16.5 8 8 16.5-.5 8Z", "M8 4v4.5M8 11.6v.1"],
  unknown: ["Unknown", "M4 1h8l4 7-4 7H4L0 8Z", "M6 6a2 2 0 1 1 2 2.3V9.200M8 12v.1"],
};

const numeric = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);
const count = (value) => (numeric(value) ?? 0).toLocaleString("en");
const percent = (share) => `${Math.round(share * 100)} %`;
const dayOf = (time) => Math.floor(Date.parse(time) / DAY);

function pace(value) {
  const said = value.toLocaleString("en", { maximumFractionDigits: value < 1 ? 2 : 1 });
  return `${said} a day`;
}

function alerts(value) {
  return `${count(value)} ${value === 1 ? "alert" : "alerts"}`;
}

function days(value) {
  return `${count(value)} ${value === 1 ? "day" : "days"}`;
}

function date(day, year = true) {
  const moment = new Date(day * DAY);
  if (Number.isNaN(moment.getTime())) return "an unknown date";
  return `${moment.getUTCDate()} ${MONTHS[moment.getUTCMonth()]}${year ? ` ${moment.getUTCFullYear()}` : ""}`;
}

function moment(time) {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? "an unknown time" : `${date(dayOf(time))}, ${at.toISOString().slice(11, 16)} UTC`;
}

const left = (campaign) => (numeric(campaign.open_count) ?? 0) + (numeric(campaign.in_progress_count) ?? 0);
const total = (campaign) => left(campaign) + (numeric(campaign.closed_count) ?? 0);

const known = (status) => (Object.hasOwn(STATUSES, status) ? status : "unknown");

function status(campaign) {
  const [word, shape, sign] = STATUSES[known(campaign.status)];
  const drawn = svg("svg", { width: 16, height: 16, viewBox: "-1 -1 18 18", "aria-hidden": "true" });
  drawn.append(svg("path", { d: shape }), svg("path", { class: "sign", d: sign }));
  return html("span", { class: `status ${known(campaign.status)}` }, drawn, word);
}

// In a list of campaigns the end date is left out.
function endSentence(campaign) {
  const day = campaign.ends_at ? date(dayOf(campaign.ends_at)) : null;
  const remaining = numeric(campaign.days_left);
  if (campaign.state === "closed") return `Closed campaign${day ? `, end date ${day}` : ""}`;
  if (remaining === null) return day ? `Ends ${day}` : "";
  if (remaining < 0) return day ? `Ended ${day}, ${days(-remaining)} ago` : `${days(-remaining)} past the end`;
  const rest = remaining === 0 ? "last day" : `${days(remaining)} left`;
  return day ? `Ends ${day}, ${rest}` : rest;
}

// Rounded as in the summary: from three decimals, and while something is left it is not 100 %.
function closedPercent(campaign) {
  const rate = numeric(campaign.remediation_rate) ?? Math.round((campaign.closed_count / total(campaign)) * 1000) / 1000;
  return left(campaign) ? percent(Math.min(rate, 0.99)) : percent(rate);
}

function countsSentence(campaign) {
  if (!total(campaign)) return "No alerts";
  const outcomes = [
    numeric(campaign.fixed) !== null && `${count(campaign.fixed)} fixed`,
    numeric(campaign.dismissed) !== null && `${count(campaign.dismissed)} dismissed`,
  ].filter(Boolean);
  const unfinished = `: ${count(campaign.open_count)} open, ${count(campaign.in_progress_count)} in progress`;
  const remaining = left(campaign) ? count(left(campaign)) : "None";
  const closed = `${count(campaign.closed_count)} closed${outcomes.length ? ` (${outcomes.join(", ")})` : ""}`;
  return `${remaining} left of ${alerts(total(campaign))}${left(campaign) ? unfinished : ""}; ${closed}`;
}

// In a list of campaigns the range is left out too; of one told whole it is missing when nothing tells it.
function forecastSentence({ forecast, burndown }) {
  const [expected, earliest] = [forecast.expected, forecast.earliest].map((day) => date(dayOf(day)));
  if (!forecast.earliest) return burndown ? `${expected} (from too few readings for a range)` : expected;
  if (!forecast.latest) return `${expected} (${earliest} at the earliest, the latest is not in sight)`;
  const latest = date(dayOf(forecast.latest));
  return latest === earliest ? expected : `${expected} (${earliest} to ${latest})`;
}

function totalsSentence(report) {
  if (numeric(report.open_count) === null) return null;
  const closed = numeric(report.closed_since);
  const from = report.since ? date(dayOf(report.since)) : "then";
  const since = closed === null ? "" : `; ${count(closed)} closed since ${from}`;
  const unfinished = `${count(report.open_count)} open, ${count(report.in_progress_count)} in progress`;
  return `In all ${unfinished}, ${count(report.closed_count)} closed${since}`;
}

function facts(campaign, since) {
  const rows = [];
  const fact = (title, value, say) => {
    if (value === null || value === undefined) return;
    rows.push(html("div", {}, html("dt", {}, title), html("dd", {}, say(value))));
  };
  fact("Expected to be done", campaign.forecast, () => forecastSentence(campaign));
  fact("Pace needed", numeric(campaign.pace_needed), pace);
  fact("Pace, last 7 days", numeric(campaign.pace_7_days), pace);
  fact("Pace, last 28 days", numeric(campaign.pace_28_days), pace);
  fact("Remediation rate", numeric(campaign.remediation_rate), () => closedPercent(campaign));
  fact("Time used", numeric(campaign.time_used), percent);
  fact(since ? `Closed since ${date(dayOf(since))}` : "Closed since then", numeric(campaign.closed_since), count);
  fact("Reopened", numeric(campaign.reopened), count);
  const severities = Object.entries(campaign.left_by_severity || {});
  fact("Left by severity", severities.length ? severities : null, (all) =>
    all.map(([severity, value]) => `${plain(severity)} ${count(value)}`).join(", "));
  return rows.length ? html("dl", { class: "facts" }, rows) : null;
}
