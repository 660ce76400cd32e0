"use strict";
// The page of a summary. All text is set as text (see `el`); nothing here makes markup out of data.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const PAGE = 50; // lines shown at once
  const PRINTED = 2000; // lines printed at most
  const FIRST = 100; // lines that a list begins with
  const SEVERITIES = [["error", "错误"], ["warning", "提醒"], ["note", "说明"]];
  const STATUS_LOOK = { answered: "good", faulty: "warn", rejected: "bad", missing: "grey" };
  const GRADE_LOOK = ["good", "bar-fill", "warn", "bad"];
  const SCORES = data.bands.map((band) => ({
    name: band.below === null ? "≥" + band.from : band.from ? band.from + "–" + band.below : "<" + band.below,
    holds: (v) => v >= band.from && (band.below === null || v < band.below),
  }));
  const RATES = rateBands([60, 70, 80, 90, 95, 100]);
  const [BAR, COLUMN] = ["点一条只看这些单位", "点一栏只看这些单位"];
  const BY_NAME = 30; // with more departments than this, rates are shown as a distribution

  const state = { form: 0, query: "", filters: {}, sort: ["number", 1], page: 0, open: new Set(), all: false, print: false };
  let form = null; // the form shown, with its lines as objects

  // --- elements ---------------------------------------------------------------------------------

  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === undefined || value === null) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (name === "tip") node.tip = value;
      else node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  function svg(tag, attributes, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  function fill(node, ...children) {
    node.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
  }

  // --- figures ----------------------------------------------------------------------------------

  const two = new Intl.NumberFormat("zh-CN", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const whole = new Intl.NumberFormat("zh-CN");
  const known = (value) => value !== null && value !== undefined;
  const amount = (value) => (known(value) ? two.format(value) : "—");
  const percent = (value) => (known(value) ? two.format(100 * value) + "%" : "—");
  const count = (value) => (known(value) ? whole.format(value) : "—");
  const share = (part, all) => (all ? percent(part / all) : "—");

  // Ranges of a rate in per cent, each from its lower edge; exactly 100 % and beyond stand apart.
  function rateBands(edges) {
    const exact = (v) => Math.abs(v - 1) < 1e-9;
    const between = (low, high) => (v) => 100 * v >= low && 100 * v < high && !exact(v);
    return [
      { name: "<" + edges[0] + "%", holds: between(-Infinity, edges[0]) },
      ...edges.slice(1).map((high, place) => ({ name: edges[place] + "–" + high, holds: between(edges[place], high) })),
      { name: "=100%", holds: exact },
      { name: ">100%", holds: between(100, Infinity) },
    ];
  }

  // --- data -------------------------------------------------------------------------------------

  function fullName(line) {
    return line.county && !line.department.includes(line.county) ? line.county + " " + line.department : line.department;
  }

  function opened(number) {
    const given = data.forms[number];
    const names = Object.keys(given.lines);
    const size = names.length ? given.lines[names[0]].length : 0;
    const lines = [];
    for (let i = 0; i < size; i += 1) {
      const line = { number: i + 1, findings: [] };
      for (const name of names) line[name] = given.lines[name][i];
      line.text = [line.county, line.code, line.department, line.project].filter(known).join("\n").toLowerCase();
      lines.push(line);
    }
    const f = given.findings;
    for (let i = 0; i < f.line.length; i += 1) {
      lines[f.line[i]].findings.push({
        severity: f.severity[i],
        code: data.words[f.code[i]],
        place: data.words[f.place[i]],
        message: data.words[f.message[i]],
        hint: data.words[f.hint[i]],
      });
    }
    for (const line of lines) {
      line.findings.sort((a, b) => a.severity - b.severity);
      line.codes = new Set(line.findings.map((finding) => finding.code));
    }
    const answered = lines.filter((line) => data.counted.includes(line.status));
    const sampled = new Map(given.sample.map((item, place) => [item.line, { ...item, order: place + 1 }]));
    return { ...given, lines, answered, sampled };
  }

  const FILTERS = {
    status: (line, key) => line.status === key,
    county: (line, key) => line.county === key,
    grade: (line, key) => line.grade === key,
    score: (line, key) => known(line.counted) && SCORES[key].holds(line.counted),
    rate: (line, key) => known(line.rate) && RATES[key].holds(line.rate),
    code: (line, key) => line.codes.has(key),
    attention: (line, key) => form.attention[key].lines.includes(line.number - 1),
    sample: (line) => form.sampled.has(line.number - 1),
  };

  function chosen() {
    const words = state.query.toLowerCase().split(/\s+/).filter(Boolean);
    const active = Object.entries(state.filters);
    const found = form.lines.filter(
      (line) =>
        words.every((word) => line.text.includes(word)) &&
        active.every(([name, filter]) => FILTERS[name](line, filter.key)),
    );
    const [key, direction] = state.sort;
    const grades = form.grades.map((grade) => grade.name);
    const of = (line) => (key === "grade" && known(line.grade) ? grades.indexOf(line.grade) : line[key]);
    const compare = (a, b) => {
      const [x, y] = [of(a), of(b)];
      if (known(x) !== known(y)) return known(x) ? -1 : 1; // what is missing comes last either way
      if (!known(x) || x === y) return a.number - b.number;
      const order = typeof x === "string" ? x.localeCompare(y, "zh-CN") : x - y;
      return direction * order || a.number - b.number;
    };
    return found.sort(compare);
  }

  function toggle(name, key, label) {
    const now = state.filters[name];
    if (now && now.key === key) delete state.filters[name];
    else state.filters[name] = { key, label };
    state.page = 0;
    drawCharts();
    drawTable();
  }

  // From elsewhere on the page: this filter and no other, and go to the list.
  function only(name, key, label) {
    state.filters = {};
    state.query = byId("search").value = "";
    toggle(name, key, label);
    byId("departments").scrollIntoView();
    byId("departments").focus({ preventScroll: true });
  }

  const isOn = (name, key) => Boolean(state.filters[name]) && state.filters[name].key === key;

  // --- charts -----------------------------------------------------------------------------------

  // `hint` is for the screen: on paper nothing can be pressed.
  function chart(title, told, hint, ...parts) {
    const about = el("p", null, told, hint ? el("span", { class: "screen" }, (told ? "；" : "") + hint) : null);
    return el("figure", { class: "chart" }, el("figcaption", null, el("h3", null, title), about), ...parts);
  }

  function horizontal(part, look, mark) {
    const picture = svg("svg", { "aria-hidden": "true" },
      svg("rect", { class: "track", width: "100%", height: "100%", rx: 2 }),
      svg("rect", { class: look, width: 100 * Math.min(Math.max(part, 0), 1) + "%", height: "100%", rx: 2 }));
    if (mark) picture.append(svg("line", { class: "mark", x1: 100 * mark + "%", x2: 100 * mark + "%", y1: 0, y2: "100%" }));
    return picture;
  }

  // item: name, figure, part (of the longest), tip, look, press, on
  function bar(item, mark) {
    const inside = [el("span", { class: "name sent" }, item.name), horizontal(item.part, item.look || "bar-fill", mark),
      el("span", { class: "figure" }, item.figure)];
    const common = { class: "bar", tip: item.tip, "aria-label": item.tip.replace(/\n/g, "，") };
    if (!item.press) return el("li", null, el("div", { ...common, tabindex: 0, role: "img" }, ...inside));
    const pressed = known(item.on) ? String(item.on) : undefined;
    return el("li", null, el("button", { ...common, type: "button", "aria-pressed": pressed, onclick: item.press }, ...inside));
  }

  const bars = (items, mark) => el("ul", null, ...items.map((item) => bar(item, mark)));

  function columns(items) {
    const most = Math.max(1, ...items.map((item) => item.count));
    return el("ul", { class: "columns" }, ...items.map((item) => {
      const high = (100 * item.count) / most;
      return el("li", null, el("button", { class: "column", type: "button", tip: item.tip, "aria-pressed": String(item.on),
        "aria-label": item.tip.replace(/\n/g, "，"), onclick: item.press },
        el("span", null, item.count ? count(item.count) : "\u00a0"),
        svg("svg", { "aria-hidden": "true" },
          svg("rect", { class: item.look || "bar-fill", x: "8%", width: "84%", y: 100 - high + "%", height: high + "%" })),
        el("span", null, item.name)));
    }));
  }

  function counted(name, title, entries) {
    const all = entries.reduce((sum, entry) => sum + entry.count, 0);
    const most = Math.max(1, ...entries.map((entry) => entry.count));
    return bars(entries.map((entry) => ({
      name: entry.name, look: entry.look, part: entry.count / most, figure: count(entry.count) + " 家",
      tip: entry.name + (entry.more ? "（" + entry.more + "）" : "") + "\n" + count(entry.count) + " 家，占 " + share(entry.count, all),
      press: () => toggle(name, entry.key, title + "：" + entry.name), on: isOn(name, entry.key),
    })));
  }

  function distribution(name, title, ranges, values) {
    return columns(ranges.map((range, key) => {
      const size = values.filter(range.holds).length;
      return { name: range.name, count: size, tip: title + " " + range.name + "\n" + count(size) + " 家，占 " + share(size, values.length),
        press: () => toggle(name, key, title + " " + range.name), on: isOn(name, key) };
    }));
  }

  function rateChart() {
    const rated = form.answered.filter((line) => known(line.rate));
    const without = form.answered.length - rated.length;
    const told = "全年执行数÷全年预算数" + (without ? "；另有 " + without + " 家算不出（预算数空白或为零）" : "");
    if (rated.length > BY_NAME) {
      return chart("执行率分布", told, COLUMN, distribution("rate", "执行率", RATES, rated.map((line) => line.rate)));
    }
    const longest = Math.min(2, Math.max(1, ...rated.map((line) => line.rate)));
    const sorted = [...rated].sort((a, b) => a.rate - b.rate || a.number - b.number);
    const each = form.project ? "项目" : "单位";
    return chart("各" + each + "执行率", told + "；虚线为 100%", "点一条看这个" + each, bars(sorted.map((line) => ({
      name: line.project || line.short, part: line.rate / longest, figure: percent(line.rate),
      look: line.rate > 1 + 1e-9 || line.rate < form.lowRate ? "warn" : "bar-fill",
      tip: fullName(line) + "\n执行率 " + percent(line.rate) + form.rateOf.map((item) => "\n" + item.label + " " + amount(line[item.key]) + " 万元").join(""),
      press: () => show(line),
    })), longest > 1 ? 1 / longest : 0));
  }

  function fundCharts() {
    const headings = [...new Set(form.funds.map((fund) => fund.heading))];
    if (!form.funds.length || headings[0] === "") return [];
    const parts = headings.map((heading) => {
      const own = form.funds.filter((fund) => fund.heading === heading);
      const most = Math.max(...own.map((fund) => fund.amount || 0), 0);
      return el("div", null, el("p", { class: "part" }, heading), bars(own.map((fund) => ({
        name: fund.label, part: most > 0 ? (fund.amount || 0) / most : 0, figure: percent(fund.share),
        tip: fund.label + "\n" + amount(fund.amount) + " 万元，占 " + percent(fund.share) + "\n" + fund.departments + " 家填了" +
          (fund.doubtful ? "\n不含 " + fund.doubtful + " 家存疑的数：" + amount(fund.certain) + " 万元" : ""),
      }))));
    });
    return [chart("资金构成", "占本项合计的比例", "", ...parts)];
  }

  function indicatorChart() {
    if (!form.indicators.length) return [];
    const longest = Math.max(1, ...form.indicators.map((row) => row.share || 0));
    return [chart("指标得分率", "自评得分÷分值" + (longest > 1 ? "；虚线为 100%" : ""), "", bars(form.indicators.map((row) => ({
      name: row.levels[row.levels.length - 1] || row.section, part: (row.share || 0) / longest, figure: percent(row.share),
      look: row.share > 1 + 1e-9 ? "warn" : "bar-fill",
      tip: row.levels.join(" / ") + "\n得分率 " + percent(row.share) + "\n得 " + amount(row.score) + " 分，满分 " + amount(row.weight) + " 分\n" + count(row.rows) + " 条指标",
    })), longest > 1 ? 1 / longest : 0))];
  }

  function codeChart() {
    const most = form.codes.filter((code) => code.severity < 2).slice(0, 8);
    if (!most.length) return [];
    const longest = Math.max(...most.map((code) => code.departments));
    return [chart("最常见的问题", "有这种问题的单位数", BAR, bars(most.map((code) => ({
      name: SEVERITIES[code.severity][1] + "：" + code.name, part: code.departments / longest, figure: count(code.departments) + " 家",
      look: ["bad", "warn"][code.severity],
      tip: code.code + " " + code.name + "\n" + SEVERITIES[code.severity][1] + " " + count(code.count) + " 个，" + count(code.departments) + " 家",
      press: () => toggle("code", code.code, "问题：" + code.code), on: isOn("code", code.code),
    }))))];
  }

  function drawCharts() {
    const focus = document.activeElement && document.activeElement.getAttribute("aria-label");
    const charts = [];
    const states = data.statuses
      .map((item) => ({ ...item, count: form.lines.filter((line) => line.status === item.key).length, look: STATUS_LOOK[item.key] }))
      .filter((item) => item.count || form.first);
    charts.push(chart(form.first ? "报送情况" : "已报的份数", "", BAR, counted("status", "状态", states)));
    if (form.hasScore) {
      const graded = form.grades.map((grade, place) => ({
        key: grade.name, name: grade.name, look: GRADE_LOOK[place] || "bar-fill",
        more: known(grade.lowest) ? grade.lowest + " 分起" : form.grades[place - 1].lowest + " 分以下",
        count: form.lines.filter((line) => line.grade === grade.name).length,
      }));
      const scores = form.answered.map((line) => line.counted).filter(known);
      const by = form.reviewed ? "，按采用得分（有复核得分的按复核得分）" : "，按自评得分";
      charts.push(chart("等次", "单位数" + by, BAR, counted("grade", "等次", graded)));
      charts.push(chart("得分分布", "单位数" + by, COLUMN, distribution("score", "得分", SCORES, scores)));
    }
    if (form.hasRate) charts.push(rateChart());
    charts.push(...indicatorChart(), ...fundCharts(), ...codeChart());
    fill(byId("charts"), ...charts);
    if (focus) {
      const again = [...byId("charts").querySelectorAll("button")].find((node) => node.getAttribute("aria-label") === focus);
      if (again) again.focus({ preventScroll: true });
    }
  }

  // --- the head ---------------------------------------------------------------------------------

  function drawHead() {
    document.title = form.title;
    byId("title").textContent = form.title;
    byId("about").textContent = "金额单位：万元。" + data.about;
    const choices = byId("forms");
    choices.hidden = data.forms.length < 2;
    fill(choices, ...data.forms.map((item, number) => el("button", { type: "button", "aria-pressed": String(number === state.form),
      onclick: () => start(number) }, item.name)));
    fill(byId("figures"), ...form.figures.map((figure) => el("div", null, el("dt", null, figure.label),
      el("dd", { class: "main" }, figure.value), figure.side ? el("dd", { class: "side" }, figure.side) : null)));
    const told = (title, step) => {
      const items = form.attention.map((item, key) => ({ ...item, key })).filter((item) => item.step === step);
      return items.length ? el("div", { class: "attention" }, el("h3", null, title),
        el("ol", null, ...items.map((item) => el("li", { tip: "怎么选出的：" + item.criterion }, el("span", { class: "sent" }, item.sentence),
          item.lines.length ? el("button", { type: "button", class: "link",
            onclick: () => only("attention", item.key, title + "：" + item.sentence.slice(0, 12) + "…") }, "看这些单位") : null)))) : null;
    };
    fill(byId("attention"), told("主要问题", false), told("下一步", true));
  }

  // --- departments ------------------------------------------------------------------------------

  function tableColumns() {
    const status = new Map(data.statuses.map((item) => [item.key, item.name]));
    const found = [
      { key: "number", title: "序号", look: "center lesser", cell: (line) => String(line.number) },
      ...(data.counties ? [{ key: "county", title: "县区", look: "center", cell: (line) => line.county, sent: true }] : []),
      { key: "department", title: "部门", look: "", cell: (line) => line.department },
      { key: "code", title: "预算编码", look: "center lesser", cell: (line) => line.code, sent: true },
    ];
    if (form.project) found.push({ key: "project", title: form.project, look: "", cell: (line) => line.project || "—", sent: true });
    found.push({ key: "status", title: "状态", look: "center",
      cell: (line) => el("span", { class: STATUS_LOOK[line.status] }, status.get(line.status)) });
    for (const item of form.amounts.slice(0, 3)) {
      found.push({ key: item.key, title: item.label, look: "number lesser", cell: (line) => amount(line[item.key]) });
    }
    if (form.hasRate) found.push({ key: "rate", title: "执行率", look: "number", cell: (line) => percent(line.rate) });
    if (form.hasScore) found.push({ key: "score", title: "自评得分", look: "number", cell: (line) => amount(line.score) });
    if (form.reviewed) found.push({ key: "review", title: "复核得分", look: "number", cell: (line) => amount(line.review) });
    if (form.hasScore) {
      found.push({ key: "grade", title: "等次", look: "center", cell: (line) => line.grade || "—" });
      found.push({ key: "rank", title: "名次", look: "center lesser", cell: (line) => count(line.rank) });
    }
    for (const [place, [key, title]] of SEVERITIES.entries()) {
      const look = ["bad", "warn", "grey"][place];
      found.push({ key: key + "s", title, look: place ? "center lesser" : "center",
        cell: (line) => el("span", { class: line[key + "s"] ? look : "soft" }, count(line[key + "s"])) });
    }
    return found;
  }

  function drawTable() {
    const found = chosen();
    const shownColumns = tableColumns();
    const last = Math.max(0, Math.ceil(found.length / PAGE) - 1);
    state.page = Math.min(state.page, last);
    const first = state.print ? 0 : state.page * PAGE;
    const shown = found.slice(first, state.print ? PRINTED : first + PAGE);
    fill(byId("table").tHead, el("tr", null, ...shownColumns.map((column) => {
      const sorted = state.sort[0] === column.key;
      const now = sorted ? (state.sort[1] > 0 ? "ascending" : "descending") : "none";
      // A browser that repeats the head on each printed page leaves buttons blank there.
      if (state.print) return el("th", { scope: "col", class: column.look }, column.title);
      return el("th", { scope: "col", class: column.look, "aria-sort": now },
        el("button", { type: "button", "data-key": column.key, onclick: () => sortBy(column.key) }, column.title));
    })));
    const body = document.createDocumentFragment();
    for (const line of shown) body.append(...row(line, shownColumns));
    fill(byId("table").tBodies[0], body);
    drawTools(found, first, shown.length, last);
  }

  // The doubtful figures of a line are named by the heads of their columns.
  const isDoubtful = (line, title) => Boolean(line.doubtful) && line.doubtful.split("、").includes(title);

  function row(line, shownColumns) {
    const isOpen = state.all || state.open.has(line.number);
    const id = "line-" + line.number;
    const cells = shownColumns.map((column) => {
      const inside = column.cell(line);
      if (column.key === "department") {
        return el("th", { scope: "row" }, el("button", { type: "button", class: "fold", "aria-expanded": String(isOpen), "aria-controls": id },
          el("span", { class: "sent long" }, inside || "（没有名称）"), el("span", { class: "sent brief" }, line.short || "（没有名称）")));
      }
      const look = column.look + (isDoubtful(line, column.title) ? " doubt" : "");
      return el("td", { class: look }, column.sent ? el("span", { class: "sent clamp" }, inside || "") : inside);
    });
    const nodes = [el("tr", { class: "line", "data-line": line.number }, ...cells)];
    if (isOpen) nodes.push(el("tr", { class: "detail", id }, el("td", { colspan: shownColumns.length }, ...detail(line))));
    return nodes;
  }

  function detail(line) {
    const status = data.statuses.find((item) => item.key === line.status);
    const facts = [["状态", status.name + (line.why ? "：" + line.why : "")], ...(line.county ? [["县区", line.county]] : []), ["预算编码", line.code || "—"]];
    if (known(line.contact) && (line.contact || line.phone)) facts.push(["联系人", [line.contact, line.phone].filter(Boolean).join(" ")]);
    for (const item of form.amounts) if (known(line[item.key])) facts.push([item.label, amount(line[item.key]) + " 万元"]);
    for (const item of form.parts) if (known(line[item.key])) facts.push([item.label, amount(line[item.key]) + " 万元"]);
    if (known(line.rate)) facts.push(["执行率", percent(line.rate)]);
    // The grade is of the score that counts, and stands behind that one alone.
    const grade = line.grade ? "（" + line.grade + "）" : "";
    const ownGrade = known(line.review) ? "" : grade;
    if (known(line.score)) facts.push(["自评得分", amount(line.score) + ownGrade]);
    if (known(line.review)) facts.push(["复核得分", amount(line.review) + grade]);
    if (line.doubtful) facts.push(["存疑（有错误未改）", line.doubtful, true]);
    if (line.remark) facts.push(["复核意见", line.remark, true]);
    if (line.days_late > 0) facts.push(["迟报", line.days_late + " 天"]);
    const drawn = form.sampled.get(line.number - 1);
    if (drawn) facts.push(["建议抽查", "第 " + drawn.order + " 位：" + drawn.why, true]);
    if (line.file) facts.push(["文件", line.file, true]);
    const list = line.findings.length
      ? el("ul", { class: "findings" }, ...line.findings.map(one))
      : el("p", { class: "good" }, line.status === "missing" ? "没有收到这个单位的表。" : "没有发现问题。");
    return [el("dl", { class: "facts" }, ...facts.map(([label, text, broad]) =>
      el("div", broad ? { class: "broad" } : null, el("dt", null, label), el("dd", { class: "sent" }, text)))), list];
  }

  function one(finding) {
    const [look, name] = SEVERITIES[finding.severity];
    const what = finding.place ? name + " " + finding.code + " · " : name + " " + finding.code;
    return el("li", { class: look }, el("span", { class: "head" }, what, el("span", { class: "sent" }, finding.place)),
      el("span", { class: "sent" }, finding.message), el("span", { class: "hint sent" }, finding.hint));
  }

  function drawTools(found, first, size, last) {
    byId("county").value = state.filters.county ? state.filters.county.key : "";
    const active = Object.entries(state.filters);
    fill(byId("filters"), ...active.map(([name, filter]) => el("button", { type: "button", "aria-label": "取消筛选 " + filter.label,
      onclick: () => toggle(name, filter.key, filter.label) }, filter.label + " ×")));
    document.querySelector(".tools").classList.toggle("filtered", active.length > 0);
    const some = found.length < form.lines.length ? "筛选出 " + count(found.length) + " 条，全部 " + count(form.lines.length) + " 条" : "共 " + count(found.length) + " 条";
    const cut = state.print && found.length > PRINTED ? "；只印前 " + count(PRINTED) + " 条，其余见汇总表" : "";
    const range = !state.print && last ? "，现在是第 " + count(first + 1) + "–" + count(first + size) + " 条" : "";
    byId("count").textContent = some + range + cut + (state.print ? "。" : "。点一行看这个单位的问题。");
    byId("unfold").setAttribute("aria-pressed", String(state.all));
    byId("unfold").textContent = state.all ? "收起问题" : "展开问题";
    const go = (page) => () => { state.page = page; drawTable(); byId("departments").scrollIntoView(); };
    fill(byId("pages"), ...(last ? [
      el("button", { type: "button", onclick: go(0), disabled: state.page === 0 ? "" : undefined }, "首页"),
      el("button", { type: "button", onclick: go(state.page - 1), disabled: state.page === 0 ? "" : undefined }, "上一页"),
      el("span", null, "第 " + count(state.page + 1) + " 页，共 " + count(last + 1) + " 页"),
      el("button", { type: "button", onclick: go(state.page + 1), disabled: state.page === last ? "" : undefined }, "下一页"),
      el("button", { type: "button", onclick: go(last), disabled: state.page === last ? "" : undefined }, "末页")] : []));
  }

  function sortBy(key) {
    const numeric = !["number", "department", "county", "code", "project", "status", "grade", "rank"].includes(key);
    const now = state.sort[0] === key;
    state.sort = [key, now ? -state.sort[1] : numeric ? -1 : 1];
    state.page = 0;
    drawTable();
    byId("table").tHead.querySelector('[data-key="' + key + '"]').focus({ preventScroll: true });
  }

  // Open one department's line, whatever is filtered away.
  function show(line) {
    if (!chosen().includes(line)) {
      state.filters = {};
      state.query = byId("search").value = "";
      drawCharts();
    }
    state.open.add(line.number);
    state.page = Math.floor(chosen().indexOf(line) / PAGE);
    drawTable();
    const node = byId("table").querySelector('[data-line="' + line.number + '"]');
    node.scrollIntoView({ block: "center" });
    node.querySelector("button").focus({ preventScroll: true });
  }

  byId("table").tBodies[0].addEventListener("click", (event) => {
    const node = event.target.closest("tr.line");
    if (!node || String(window.getSelection())) return; // selecting text is not opening
    const number = Number(node.dataset.line);
    if (state.all) {
      state.all = false;
      state.open = new Set(form.lines.map((line) => line.number));
    }
    if (!state.open.delete(number)) state.open.add(number);
    drawTable();
    byId("table").querySelector('[data-line="' + number + '"] button').focus({ preventScroll: true });
  });

  // --- the other sections -----------------------------------------------------------------------

  // A list shows its first lines; the rest come when asked for, or go to the printer.
  let unshown = [];
  function list(heads, items, cellsOf) {
    const body = el("tbody");
    const rest = el("p", { class: "screen below" });
    let shown = 0;
    const show = (most) => {
      const next = items.slice(shown, most);
      body.append(...next.map((item, place) => el("tr", null, ...cellsOf(item, shown + place).map((cell, at) =>
        el("td", { class: heads[at][1] }, typeof cell === "string" ? el("span", { class: "sent" }, cell) : cell)))));
      shown += next.length;
      fill(rest, shown < items.length ? el("button", { type: "button", onclick: () => show(shown + 10 * FIRST) },
        "再看 " + count(Math.min(items.length - shown, 10 * FIRST)) + " 行（共 " + count(items.length) + " 行）") : null);
    };
    show(FIRST);
    if (shown < items.length) unshown.push(() => show(PRINTED));
    return el("div", null, el("div", { class: "wide", tabindex: 0, role: "region", "aria-label": heads.map((head) => head[0]).join("、") },
      el("table", null, el("thead", null, el("tr", null, ...heads.map(([name, look]) => el("th", { scope: "col", class: look }, name)))), body)), rest);
  }

  const inside = (id, ...children) => fill(document.querySelector("#" + id + " > div"), ...children);

  function drawLists() {
    unshown = [];
    byId("indicators").hidden = !form.indicators.length;
    byId("codes").hidden = !form.codes.length;
    const depth = Math.max(0, ...form.indicators.map((row) => row.levels.length));
    const levels = ["一级指标", "二级指标", "三级指标"].slice(0, depth).map((name) => [name, ""]);
    inside("indicators", list(
      [...levels, ["条数", "number"], ["满分合计", "number lesser"], ["自评合计", "number lesser"], ["得分率", "number"],
        ["满分的条数占比", "number lesser"], ["最多的扣分原因", "lesser"]],
      form.indicators, (row) => [...levels.map((_, place) => row.levels[place] || ""), count(row.rows), amount(row.weight), amount(row.score),
        percent(row.share), percent(row.full_share), row.reason || ""]));
    byId("sample").hidden = !form.sample.length;
    inside("sample", list([["次序", "center"], ["部门", ""], ["风险得分", "number"], ["为什么", ""]],
      form.sample, (item, place) => [String(place + 1),
        el("button", { type: "button", class: "link", onclick: () => show(form.lines[item.line]) }, form.lines[item.line].project || fullName(form.lines[item.line])),
        count(item.points), item.why]), el("p", { class: "soft below" }, data.sampling));
    inside("codes", list([["代码", "center"], ["级别", "center"], ["问题", ""], ["个数", "number"], ["单位数", "number"]],
      form.codes, (code) => [code.code, el("span", { class: ["bad", "warn", "grey"][code.severity] }, SEVERITIES[code.severity][1]), code.name,
        count(code.count), el("button", { type: "button", class: "link", "aria-label": code.code + "，看这 " + code.departments + " 家",
          onclick: () => only("code", code.code, "问题：" + code.code) }, count(code.departments))]));
    drawCounties();
    drawCoverage();
    inside("notes", el("ul", null, ...[...form.notes, ...data.notes].map((note) => el("li", null, note))));
  }

  // A county's figure; below it the same without the doubtful ones, if there are any.
  const withDoubt = (row, key, shown) => row[key + "_doubtful"]
    ? el("span", null, shown(row[key]), el("br"), el("span", { class: "soft" }, "不含 " + row[key + "_doubtful"] + " 家存疑 " + shown(row[key + "_certain"])))
    : shown(row[key]);

  function drawCounties() {
    const counties = form.counties;
    for (const node of document.querySelectorAll("#county, [for=county], [href='#counties'], #counties")) node.hidden = !counties.length;
    fill(byId("county"), el("option", { value: "" }, "全部"), ...counties.map((row) => el("option", { value: row.county }, row.county)));
    const all = !form.project; // of projects nobody knows how many are owed
    const heads = [["县区", ""], [all ? "单位数" : "项目数", "number"], ...(all ? [["已报", "number"]] : []), ["须修改", "number"],
      ...(all ? [["退回", "number"], ["未报", "number"]] : []), ...form.amounts.map((item) => [item.label, "number"]),
      ...(form.hasRate ? [["执行率", "number"]] : []), ...(form.hasScore ? [["自评平均分", "number"]] : [])];
    inside("counties", list(heads, counties, (row) => [
      el("button", { type: "button", class: "link", "aria-label": "只看" + row.county, onclick: () => only("county", row.county, "县区：" + row.county) }, row.county),
      count(row.departments), ...(all ? [count(row.answered)] : []), count(row.faulty), ...(all ? [count(row.rejected), count(row.missing)] : []),
      ...form.amounts.map((item) => withDoubt(row, item.key, amount)), ...(form.hasRate ? [withDoubt(row, "execution_rate", percent)] : []),
      ...(form.hasScore ? [withDoubt(row, "mean_score", amount)] : [])]),
    el("p", { class: "soft below" }, "金额是合计，执行率按合计数算，自评平均分是自评得分的简单平均，不用复核得分。点县区只看它的单位。"));
  }

  function drawCoverage() {
    const parts = [el("p", null, data.coverage)];
    const county = data.counties ? [["县区", "center"]] : [];
    if (!data.roster) parts.push(el("p", { class: "soft" }, "没有给名册，所以不知道谁还没报。"));
    for (const [status, title] of [["missing", "未报（催报）"], ["rejected", "退回"]]) {
      const rows = data.due.filter((item) => item.status === status);
      if (!rows.length) continue;
      const why = rows.some((item) => item.why) ? [["原因", ""]] : [];
      const project = rows.some((item) => known(item.project)) ? [["项目", ""]] : [];
      const own = rows.filter((item) => !known(item.project)).length;
      const both = count(own) + " 家" + (rows.length > own ? "、" + count(rows.length - own) + " 个项目" : "");
      parts.push(el("div", null, el("h3", null, title + " " + both), list(
        [...county, ["预算编码", "center"], ["部门", ""], ...project, ["联系人", ""], ["联系电话", "center"], ...why],
        rows.slice(0, PRINTED), (item) => [...county.map(() => item.county), item.code, item.department,
          ...project.map(() => item.project || ""), item.contact, item.phone, ...why.map(() => item.why)])));
      if (rows.length > PRINTED) parts.push(el("p", null, "只列前 " + count(PRINTED) + " 行，其余见汇总表。"));
    }
    if (data.late.length) {
      parts.push(el("div", null, el("h3", null, "迟报 " + count(data.late.length) + " 家"), list(
        [...county, ["预算编码", "center"], ["部门", ""], ["截止日期", "center"], ["收到日期", "center"], ["迟几天", "number"]],
        data.late.slice(0, PRINTED), (item) => [...county.map(() => item.county), item.code || "", item.department || "", item.deadline, item.received, count(item.days_late)])));
    }
    if (data.files.length) {
      parts.push(el("div", null, el("h3", null, "没有计入的文件 " + count(data.files.length) + " 个"), list(
        [["文件", ""], ["部门", ""], ["怎么处理的", "center"], ["原因", ""]],
        data.files.slice(0, PRINTED), (item) => [item.file, item.department, item.use, item.why])));
    }
    inside("coverage", el("div", { class: "lists" }, ...parts));
  }

  // --- tooltip, printing, start -----------------------------------------------------------------

  const tip = byId("tip");
  function point(event) {
    let node = event.target;
    while (node && !node.tip) node = node.parentElement;
    tip.hidden = !node;
    if (!node) return;
    tip.textContent = node.tip;
    const box = node.getBoundingClientRect();
    const left = event.clientX ? event.clientX + 14 : box.left + 20;
    const top = event.clientY ? event.clientY + 16 : box.bottom + 6;
    tip.style.left = Math.max(4, Math.min(left, window.innerWidth - tip.offsetWidth - 8)) + "px";
    tip.style.top = (top + tip.offsetHeight > window.innerHeight - 4 ? Math.max(4, box.top - tip.offsetHeight - 6) : top) + "px";
  }
  const hide = () => { tip.hidden = true; };
  document.addEventListener("pointermove", point);
  document.addEventListener("focusin", point);
  document.addEventListener("focusout", hide);
  document.addEventListener("scroll", hide, true);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

  let waiting = 0;
  byId("search").addEventListener("input", () => {
    clearTimeout(waiting);
    const find = () => { state.query = byId("search").value; state.page = 0; drawTable(); };
    if (form.lines.length > 1000) waiting = setTimeout(find, 150);
    else find();
  });
  byId("county").addEventListener("change", () => {
    const name = byId("county").value;
    delete state.filters.county;
    if (name) state.filters.county = { key: name, label: "县区：" + name };
    state.page = 0;
    drawCharts();
    drawTable();
  });
  byId("unfold").addEventListener("click", () => {
    state.all = !state.all;
    state.open = new Set();
    drawTable();
  });
  byId("print").addEventListener("click", () => window.print());
  // All the lines that are filtered out go to the printer, not only those of one screen page.
  window.addEventListener("beforeprint", () => { hide(); unshown.forEach((show) => show()); state.print = true; drawTable(); });
  window.addEventListener("afterprint", () => { state.print = false; drawTable(); });

  function start(number) {
    Object.assign(state, { form: number, query: "", filters: {}, sort: ["number", 1], page: 0, open: new Set(), all: false });
    byId("search").value = "";
    form = opened(number);
    drawHead();
    drawCharts();
    drawTable();
    drawLists();
  }
  start(0);
  document.documentElement.dataset.ready = "yes";
})();
