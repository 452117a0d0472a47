// The burndown of one campaign. Times are days since 1970, heights are alerts left.

const MARGIN = { top: 22, right: 16, bottom: 24 };
const STEPS = [1, 2, 7, 14, 28, 56, 91, 182, 364];

function trendOf(campaign) {
  const from = dayOf(campaign.burndown_from);
  const given = Number.isNaN(from) || !Array.isArray(campaign.burndown) ? [] : campaign.burndown;
  const points = given
    .filter((pair) => Array.isArray(pair) && numeric(pair[0]) !== null && numeric(pair[1]) !== null)
    .map(([since, value]) => [from + since, value]);
  if (!points.length) return null;
  const [first, last] = [points[0], points[points.length - 1]];
  const end = dayOf(campaign.ends_at);
  const ideal = end > first[0] ? (day) => Math.max(0, first[1] * (1 - (day - first[0]) / (end - first[0]))) : null;
  return { points, first, last, end, ideal, forecast: last[1] > 0 ? forecastOf(campaign.forecast) : null };
}

function forecastOf(given) {
  if (!given) return null;
  const expected = dayOf(given.expected);
  if (Number.isNaN(expected)) return null;
  if (!given.earliest) return { expected, range: null }; // too few readings tell none
  const range = [dayOf(given.earliest), given.latest ? dayOf(given.latest) : Infinity];
  return range.some(Number.isNaN) ? null : { expected, range };
}

// A forecast far away must not squeeze what has happened into a corner, so the picture may end before it.
function lastDay({ first, last, end, forecast }) {
  const sure = Math.max(end || 0, last[0], first[0] + 1);
  if (!forecast) return sure;
  const furthest = sure + Math.max(7, (sure - first[0]) / 2);
  return Math.max(sure, Math.min(furthest, Math.max(forecast.expected, forecast.range?.[1] ?? 0)));
}

function niceStep(highest) {
  const size = 10 ** Math.floor(Math.log10(Math.max(1, highest / 6)));
  return [1, 2, 5, 10].map((times) => times * size).find((step) => highest / step <= 6);
}

function describeTrend(trend, campaign) {
  const { points, first, last, end, ideal, forecast } = trend;
  const said = points.length === 1
    ? [`${count(last[1])} left on ${date(last[0])}.`]
    : [`From ${count(first[1])} left on ${date(first[0])} to ${count(last[1])} on ${date(last[0])}.`];
  if (ideal) {
    const now = count(Math.round(ideal(last[0])));
    said.push(`The ideal line reaches zero on the end date, ${date(end)}; it is at ${now} on ${date(last[0])}.`);
  } else said.push(`The end date is ${date(end)}.`);
  if (forecast) said.push(`Expected to be done: ${forecastSentence(campaign)}.`);
  return said.join(" ");
}

function drawBurndown(id, trend, campaign, width) {
  const height = width < 480 ? 210 : 260;
  const [from, until] = [trend.first[0], lastDay(trend)];
  const step = niceStep(Math.max(1, ...trend.points.map(([, value]) => value)));
  const top = step * Math.ceil(Math.max(1, ...trend.points.map(([, value]) => value)) / step);
  const start = 16 + 8 * count(top).length;
  const [inner, tall] = [width - start - MARGIN.right, height - MARGIN.top - MARGIN.bottom];
  const x = (day) => Math.round((start + ((day - from) / (until - from)) * inner) * 10) / 10;
  const y = (value) => Math.round((MARGIN.top + (1 - value / top) * tall) * 10) / 10;
  const path = (points) => `M${points.map(([day, value]) => `${x(day)} ${y(value)}`).join("L")}`;
  return picture(
    `${id}-burndown`,
    "Burndown: alerts left over time",
    describeTrend(trend, campaign),
    { height, viewBox: `0 0 ${width} ${height}` },
    grid(step, top, start, y, width),
    timeAxis(from, until, inner, x, height),
    forecastShapes(trend, until, path),
    trend.ideal && svg("path", { class: "ideal", d: path([trend.first, [trend.end, 0]]) }),
    endMark(trend, from, until, x, y, top, width),
    trend.points.length > 1 && svg("path", { class: "left", d: path(trend.points) }),
    lastMark(trend, x, y, width),
  );
}

function grid(step, top, start, y, width) {
  const lines = [];
  for (let value = 0; value <= top; value += step) {
    lines.push(svg("path", { class: "grid", d: `M${start} ${y(value)}H${width - MARGIN.right}` }));
    lines.push(svg("text", { x: start - 8, y: y(value) + 4, "text-anchor": "end" }, count(value)));
  }
  return lines;
}

function timeAxis(from, until, inner, x, height) {
  const dayWidth = inner / (until - from);
  const step = STEPS.find((days) => days * dayWidth >= 76) || Math.ceil(76 / dayWidth / 364) * 364;
  const long = until - from > 330;
  const labels = [];
  for (let day = from; day <= until; day += step) {
    const said = long ? date(day).replace(/^\d+ /, "") : date(day, false);
    const anchor = day === from ? "start" : x(day) > x(until) - 24 ? "end" : "middle";
    labels.push(svg("text", { x: x(day), y: height - 6, "text-anchor": anchor }, said));
  }
  return labels;
}

function forecastShapes({ last, forecast }, until, path) {
  if (!forecast) return null;
  const reach = (day) => {
    if (day <= until) return [day, 0];
    return [until, day === Infinity ? last[1] : last[1] * (1 - (until - last[0]) / (day - last[0]))];
  };
  const expected = svg("path", { class: "expected", d: path([last, reach(forecast.expected)]) });
  if (!forecast.range) return expected;
  const [early, late] = forecast.range.map(reach);
  const floor = late[1] > 0 ? [[until, 0]] : [];
  return [svg("path", { class: "range", d: `${path([last, early, ...floor, late])}Z` }), expected];
}

function endMark({ end }, from, until, x, y, top, width) {
  if (!(end >= from && end <= until)) return null;
  const near = x(end) > width - 60 ? "end" : x(end) < 80 ? "start" : "middle";
  const at = near === "end" ? Math.min(x(end) + 14, width) : x(end);
  return [
    svg("path", { class: "end", d: `M${x(end)} ${y(0)}V${y(top) - 4}` }),
    svg("text", { class: "strong", x: at, y: y(top) - 9, "text-anchor": near }, `End ${date(end, false)}`),
  ];
}

function lastMark({ last }, x, y, width) {
  const [across, down] = [x(last[0]), y(last[1])];
  const [aside, anchor] = across > width - 80 ? [-8, "end"] : [8, "start"];
  return [
    svg("circle", { class: "point", cx: across, cy: down, r: 4 }),
    svg("text", { class: "strong", x: across + aside, y: down - 8, "text-anchor": anchor }, `${count(last[1])} left`),
  ];
}

function burndownLegend({ points, ideal, forecast }) {
  const size = { width: 24, height: 12 };
  const sample = (shape, attributes) => svg("svg", { ...size, "aria-hidden": "true" }, svg(shape, attributes));
  const line = (kind) => sample("path", { class: kind, d: "M1 6H23" });
  return html(
    "ul",
    { class: "legend" },
    points.length > 1 && html("li", {}, line("left"), "Left"),
    ideal && html("li", {}, line("ideal"), "Ideal"),
    forecast && html("li", {}, line("expected"), "Forecast"),
    forecast?.range && html("li", {}, sample("rect", { class: "range", ...size }), "Forecast range"),
  );
}

function burndownTable({ points, ideal }) {
  const columns = [{ title: "Date" }, { title: "Alerts left", number: true }];
  if (ideal) columns.push({ title: "Ideal", number: true });
  return table("Alerts left over time", columns, points.map(([day, value]) =>
    [date(day), count(value), ...(ideal ? [count(Math.round(ideal(day)))] : [])]));
}
