"use strict";
// The desk works without this; with it files are dropped, progress is seen as it comes, and texts are copied.

const byId = (id) => document.getElementById(id);

function cell(row, label, text, link) {
  const made = document.createElement("td");
  made.dataset.label = label;
  if (link && text) {
    const anchor = document.createElement("a");
    anchor.href = link;
    anchor.textContent = text;
    made.append(anchor);
  } else {
    made.textContent = text;
  }
  row.append(made);
  return made;
}

// --- whether the desk is there, and still knows who we are

const GONE = "连不上收表台，它停了。请重新启动它，用窗口里新的链接登录；办过的都在，没有办完的再点一次。";
const UNKNOWN = "收表台重新启动过，或者登录过期了。请到启动它的窗口里找最后一行新的链接，重新登录；办过的都在。";

async function askWhetherThere() {
  let sentence = UNKNOWN;
  try {
    // Who is known is led on from there; who is not is shown the door.
    const answer = await fetch("/login", { method: "HEAD", redirect: "manual" });
    if (answer.type === "opaqueredirect") sentence = "";
  } catch {
    sentence = GONE;
  }
  const there = byId("gone");
  if (there && there.textContent === sentence) return;
  if (there) there.remove();
  if (!sentence) return;
  const line = document.createElement("p");
  line.id = "gone";
  line.className = "remark";
  line.setAttribute("role", "alert");
  line.textContent = sentence;
  byId("main").prepend(line);
}

// --- what happens, as it happens

function follow(place) {
  const source = new EventSource(place.dataset.stream);
  const words = byId("progress-words");
  const bar = byId("progress");
  const body = document.querySelector("#rows tbody");
  // What the page came with is told by the stream once more.
  const rows = new Map(Array.from(body ? body.rows : [], (row) => [row.cells[0].textContent, row]));

  const rowOf = (name) => {
    if (!rows.has(name)) {
      const row = document.createElement("tr");
      rows.set(name, row);
      body.prepend(row);
    }
    const row = rows.get(name);
    row.replaceChildren();
    return row;
  };

  source.addEventListener("progress", (event) => {
    const { done, total, names } = JSON.parse(event.data);
    if (total) { bar.max = total; bar.value = done; }
    words.textContent = total ? `读了 ${done} 个，共 ${total} 个` : done ? `办好 ${done} 个` : "正在办……";
    if (!body) return;
    for (const full of names) {
      const name = full.replace(/^收件\//, "");
      if (rows.has(name)) continue;
      const row = rowOf(name);
      row.className = "k-reading";
      cell(row, "文件", name); cell(row, "归到", "…"); cell(row, "结果", "读好了"); cell(row, "说明", "正在核对");
    }
  });

  source.addEventListener("file", (event) => {
    if (!body) return;
    const told = JSON.parse(event.data);
    const row = rowOf(told.file);
    row.className = `k-${told.kind}`;
    cell(row, "文件", told.file);
    const whose = cell(row, "归到", told.link ? told.who : told.assign ? "选是哪个单位的" : "—", told.link || told.assign);
    if (told.version) whose.append(` ${told.version}`);
    cell(row, "结果", told.outcome);
    cell(row, "说明", told.why);
  });

  source.addEventListener("error", askWhetherThere);
  source.addEventListener("open", askWhetherThere);

  source.addEventListener("end", (event) => {
    source.close();
    if (place.dataset.then) { location.assign(place.dataset.then); return; }
    const { lines, extra } = JSON.parse(event.data);
    for (const told of extra) {
      const row = rowOf(told.file);
      row.className = "k-skipped";
      cell(row, "文件", told.file); cell(row, "归到", "—"); cell(row, "结果", told.outcome); cell(row, "说明", told.why);
    }
    // What was only read again, beside what is new, is no news.
    for (const row of document.querySelectorAll(".k-reading")) row.remove();
    bar.remove();
    words.textContent = "";
    for (const [kind, sentence] of lines) {
      const line = document.createElement("p");
      line.className = kind === "refused" ? "remark" : "";
      line.textContent = sentence;
      place.append(line);
    }
    place.dataset.done = "1";
  });
}

// --- dropping files in

async function* filesOf(entry, path) {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    yield [file, path + file.name];
  } else if (entry.isDirectory) {
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!some.length) return;
      for (const each of some) yield* filesOf(each, `${path}${entry.name}/`);
    }
  }
}

const AT_ONCE = 25, BYTES_AT_ONCE = 16 * 1024 * 1024, TRIES = 3;

function batches(files) {
  const made = [];
  let batch = [], size = 0;
  for (const pair of files) {
    if (batch.length && (batch.length >= AT_ONCE || size + pair[0].size > BYTES_AT_ONCE)) {
      made.push(batch); batch = []; size = 0;
    }
    batch.push(pair); size += pair[0].size;
  }
  if (batch.length) made.push(batch);
  return made;
}

async function sent(form, batch) {
  for (let time = 1; ; time += 1) {
    const body = new FormData();
    for (const [file, name] of batch) body.append("files", file, name);
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Desk-Check": form.dataset.check } });
      const kind = answer.headers.get("content-type") || "";
      if (kind.includes("json")) return await answer.json();
      return { isLost: true, why: await answer.text() };
    } catch {
      if (time >= TRIES) return { isLost: true, why: "连不上收表台，没有送完；请看看它是不是停了，再拖一次（送过的不会重复）" };
      await new Promise((done) => setTimeout(done, 800 * time));
    }
  }
}

async function sendAll(form, files) {
  if (!files.length) return;
  const words = byId("sending"), bar = byId("sent"), list = byId("not-sent"), button = byId("send");
  list.replaceChildren();
  button.disabled = true;
  bar.hidden = false;
  bar.max = files.length;
  let done = 0, isLost = false;
  for (const batch of batches(files)) {
    words.textContent = `正在送：${done} / ${files.length}`;
    const told = await sent(form, batch);
    isLost = Boolean(told.isLost);
    if (isLost) {
      const line = document.createElement("li");
      line.textContent = told.why;
      list.append(line);
      break;
    }
    done += batch.length;
    bar.value = done;
  }
  words.textContent = `送完了 ${done} 个`;
  button.disabled = false;
  // What was not kept of what arrived, the next page says.
  if (isLost) askWhetherThere();
  else location.assign(form.dataset.receive);
}

function dropping(form) {
  const input = byId("files");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const files = Array.from(input.files, (file) => [file, file.webkitRelativePath || file.name]);
    if (!files.length) { byId("sending").textContent = "请先选文件"; return; }
    sendAll(form, files);
  });
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => { event.preventDefault(); form.classList.add("over"); });
  }
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("over"); });
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    form.classList.remove("over");
    const entries = Array.from(event.dataTransfer.items || [], (item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
    const files = [];
    if (entries.length) {
      for (const entry of entries) for await (const pair of filesOf(entry, "")) files.push(pair);
    } else {
      for (const file of event.dataTransfer.files) files.push([file, file.name]);
    }
    sendAll(form, files);
  });
}

// --- copying

async function copy(text, told) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const place = byId("copied");
  if (place) place.textContent = told;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-all]");
  if (button && button.dataset.copy) { copy(byId(button.dataset.copy).textContent, "复制了一条"); button.textContent = "复制了"; }
  if (button && button.dataset.copyAll) {
    const texts = Array.from(document.querySelectorAll(".text"), (each) => each.textContent);
    copy(texts.join("\n"), `复制了 ${texts.length} 条`);
  }
  // A jump into the form opens the sheet it leads to.
  const jump = event.target.closest("a[href^='#']");
  const target = jump && byId(decodeURIComponent(jump.hash.slice(1)));
  if (target) {
    const closed = target.closest("details");
    if (closed) closed.open = true;
    if (target.tabIndex < 0 || target.hasAttribute("tabindex")) setTimeout(() => target.focus({ preventScroll: true }));
  }
});

// Twice clicked is once asked.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  if (event.target.dataset.sent) { event.preventDefault(); return; }
  event.target.dataset.sent = "1";
});
addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });

const live = byId("live");
if (live && live.dataset.stream) follow(live);
const drop = byId("drop");
if (drop) dropping(drop);
// Elsewhere a file that is dropped beside its place would be opened instead of the page.
else for (const kind of ["dragover", "drop"]) {
  document.addEventListener(kind, (event) => { if (!event.target.closest("input[type=file]")) event.preventDefault(); });
}
const told = byId("messages");
if (told) told.focus({ preventScroll: true });
// Asked only when somebody comes back to the page: whoever is away is to be logged out after a while.
if (document.querySelector(".clerk")) addEventListener("focus", askWhetherThere);
document.documentElement.dataset.ready = "1";
