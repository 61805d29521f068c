/* dassie's script for the owner's pages, the only one. Every page works without it. It
   never inserts anything above what is being read, and asks this server alone. */
"use strict";
(() => {
const own = document.currentScript
const $ = (query, root = document) => root.querySelector(query)
const $$ = (query, root = document) => [...root.querySelectorAll(query)]
const main = $("main"), home = $("#news")
const token = $("input[name=csrf]")?.value
const parse = text => new DOMParser().parseFromString(text, "text/html")
const count = (n, one) => n.toLocaleString("en") + " " + one + (n === 1 ? "" : "s")
const here = () => location.pathname + location.search
const loginPath = () => "/login?next=" + encodeURIComponent(here())

/* What happens without being asked for is said aloud at most every half minute. */
const region = main.appendChild(document.createElement("p"))
region.className = "vh"
region.setAttribute("role", "status")
let saidAt = 0, saying
function say(text) {
	clearTimeout(saying)
	saying = setTimeout(() => {
		saidAt = Date.now()
		region.textContent = text
	}, Math.max(0, saidAt + 30000 - Date.now()))
}

/* later calls f once, when nobody asked for it for so long. */
function later(f, ms) {
	let timer
	return (...args) => {
		clearTimeout(timer)
		timer = setTimeout(f, ms, ...args)
	}
}

/* 1. What happens on the server. One window of the browser listens for all: the one
   that holds the lock. It tells the others what it hears. */
const tabs = window.BroadcastChannel && new BroadcastChannel("dassie-live")
let last = own.dataset.event || "", stream, tries = 0, retry, resign, asking, hiddenFor, ended = false, updated = home?.dataset.time || ""

function listen() {
	stream = new EventSource("/me/events" + (last && "?last=" + encodeURIComponent(last)))
	stream.onopen = () => {
		tries = 0
		share({ up: true })
	}
	stream.onmessage = e => share({ last: e.lastEventId, event: e.data })
	stream.onerror = () => {
		stream.close()
		share({ up: false })
		// 1 s to 60 s, a third more or less, so that windows do not come back all at once.
		retry = setTimeout(listen, Math.min(60000, 1000 * 2 ** tries++) * (.67 + Math.random() * .67))
		news()
	}
}

function lead() {
	listen()
	return new Promise(done => resign = () => {
		resign = null
		clearTimeout(retry)
		stream.close()
		done()
	})
}

function join() {
	if (ended || asking || resign || !window.EventSource) return
	if (!navigator.locks) return void lead()
	const mine = asking = new AbortController()
	navigator.locks.request("dassie-live", { signal: mine.signal }, lead).catch(() => {}).finally(() => { if (asking === mine) asking = null })
}

function leave() {
	if (resign) resign()
	else asking?.abort()
	asking = null
}

/* A window that begins to listen asks for what happened since its page was made. */
const heard = []
function share(message) {
	if (message.event) {
		heard.push(message)
		if (heard.length > 100) heard.shift()
	}
	hear(message)
	tabs?.postMessage(message)
}
if (tabs) {
	tabs.onmessage = ({ data }) => {
		if (!data.since) return hear(data)
		if (!resign) return
		const at = heard.findIndex(m => m.last === data.since)
		for (const m of heard.slice(at + 1)) tabs.postMessage(m)
	}
	tabs.postMessage({ since: last })
}

const soonNews = later(news, 700)
function hear({ last: number, event, up }) {
	if (number) last = number
	if (up !== undefined) line(up)
	if (!event) return
	const [kind, id] = event.split(" ")
	if (kind === "hello") return
	if (kind === "deliveries" || kind === "status.update") touch(id)
	else if (kind === "delete") gone(id)
	else soonNews()
	if (kind === "reset") for (const card of $$("[id^='p-']")) touch(card.id.slice(2))
	if ($(`[data-live~="${kind}"]`)) soonSwap(kind)
	if (kind === "thread") for (const part of $$(`[data-thread="${id}"]`)) looked(part).catch(() => {})
}

/* A page that nobody looks at for five minutes stops listening. */
function seen() {
	clearTimeout(hiddenFor)
	if (document.hidden) hiddenFor = setTimeout(leave, 5 * 60000)
	else {
		join()
		times()
	}
}
document.addEventListener("visibilitychange", seen)
addEventListener("pagehide", leave)
addEventListener("pageshow", e => {
	if (!e.persisted) return
	join()
	news()
})

/* 2. What Home says about news. Its bar has always the same height, and stays in sight
   where it has something to press. */
let lateShown = $$("#late li").length
async function news() {
	if (ended) return
	let n
	try {
		const answer = await fetch("/me/news" + (home ? "?top=" + home.dataset.top : ""), { headers: { Accept: "application/json" } })
		if (answer.status === 401) return over()
		if (!answer.ok) return
		n = await answer.json()
	} catch {
		return // the stream says that there is no connection
	}
	updated = n.time
	const numbers = { inbox: n.inbox, messages: n.messages, requests: n.requests, drafts: n.drafts, more: n.requests + n.messages }
	for (const e of $$("[data-n]")) {
		const number = numbers[e.dataset.n]
		e.firstElementChild.textContent = number.toLocaleString("en")
		e.hidden = !number
	}
	if (!home) return
	const words = []
	if (n.posts) words.push(count(n.posts, "new post").replace(" ", n.more ? "+ " : " "))
	if (n.late > lateShown) words.push(n.late - lateShown + " arrived late")
	if (!words.length) return
	let button = $("a.new", home)
	const text = words.join(", ")
	if (button?.textContent === text) return
	const focused = home.contains(document.activeElement)
	button = document.createElement("a")
	button.className = "btn new"
	button.href = "/me"
	button.append(document.createElement("b"))
	button.firstChild.textContent = text
	home.replaceChildren(button, ...$$(".offline", home))
	home.classList.add("live")
	if (focused) button.focus({ preventScroll: true })
	say(text)
}

let lostFor
function line(up) {
	clearTimeout(lostFor)
	if (up) cover("")
	else if (!ended) lostFor = setTimeout(() => cover("Not connected. Last update " + updated + "."), 3000)
}

/* cover lays words over the bar, so that nothing below it moves. */
function cover(text, link) {
	if (!home) return
	$(".offline", home)?.remove()
	home.classList.toggle("off", !!text)
	if (!text) return
	const p = home.appendChild(document.createElement("p"))
	p.className = "offline"
	p.append(text, ...link ? [" ", link] : [])
	say(text)
}

/* over: the session has ended, here or elsewhere. What was typed is kept. */
function over() {
	ended = true
	leave()
	forgetDevice().catch(() => {})
	clearTimeout(lostFor)
	cover("Your session has ended.", loginLink())
}
function loginLink() {
	const a = document.createElement("a")
	a.href = loginPath()
	a.textContent = "Log in again"
	return a
}

/* 3. Cards. What changes below the text of one is put in its place. */
const touched = new Set
const renewTouched = later(() => {
	for (const id of touched) if (inSight(cardOf(id))) renew(id).catch(() => {})
	touched.clear()
}, 700)
const cardOf = id => document.getElementById("p-" + id)
function touch(id) {
	if (!cardOf(id)) return
	touched.add(id)
	renewTouched()
}
function inSight(e) {
	const box = e?.getBoundingClientRect()
	return box && box.bottom > 0 && box.top < innerHeight
}

/* renew fetches a card and takes over what can change. Where somebody is at work in
   such a part, it is left alone, unless they pressed there. */
async function renew(id, pressed) {
	const card = cardOf(id)
	const back = $("input[name=back]", card)?.value.split("#")[0] || here()
	const answer = await fetch(`/me/post/${id}/card?back=` + encodeURIComponent(back), { headers: { Accept: "text/html" } })
	if (answer.status === 401) over()
	if (!answer.ok) throw new Error("no card")
	const fresh = parse(await answer.text()).getElementById(card.id)
	for (const part of [".acts", ".poll", ".delivery"]) {
		const before = $(part, card), now = $(part, fresh)
		if (!before || !now || before.outerHTML === now.outerHTML) continue
		const busy = before.contains(document.activeElement) || $("details[open], input:checked", before)
		if (busy && !pressed) continue
		before.replaceWith(document.adoptNode(now))
	}
	if (pressed) focusOn(card, pressed)
	times()
}

/* verb is what a form does or takes back: "like" of /me/post/1/unlike. */
const verb = form => form.getAttribute("action").split("/").pop().replace(/^un(?=boost|like|save|pin|react)/, "")

/* focusOn puts the focus back on the control that was pressed, or near it. */
function focusOn(card, pressed) {
	const form = $$("form[method=post]", card).find(f => verb(f) === pressed)
	const button = form && $("button", form)
	const menu = button?.closest("details:not([open])")
	const target = (menu && $("summary", menu)) || button || $(".poll", card) || card
	if (!target.matches("button, summary, a")) target.tabIndex = -1
	target.focus({ preventScroll: true })
}

function gone(id) {
	const card = cardOf(id)
	if (!card || location.pathname.startsWith("/me/post/")) return
	card.style.minBlockSize = card.offsetHeight + "px" // nothing moves
	const inside = card.contains(document.activeElement)
	for (const part of $$(".body, .acts, .why", card)) part.remove()
	const p = card.appendChild(document.createElement("p"))
	p.className = "muted"
	p.textContent = "This post was deleted."
	if (inside) {
		card.tabIndex = -1
		card.focus({ preventScroll: true })
	}
	soonNews()
}

/* 4. Forms. Those of a card, and those in a part with data-swap, are sent without
   leaving the page. */
document.addEventListener("submit", e => {
	const form = e.target
	if (form.getAttribute("action") === "/logout") sessionStorage.clear()
	if (e.defaultPrevented || form.getAttribute("method") !== "post" || form.enctype === "multipart/form-data") return
	const card = form.closest("[id^='p-']"), part = form.closest("[id][data-swap]")
	const inCard = card && (form.elements.back?.value || "").endsWith("#" + card.id)
	if (!inCard && !part) return
	e.preventDefault()
	if (form.dataset.sent) return
	form.dataset.sent = "yes"
	const slow = setTimeout(() => form.setAttribute("aria-busy", "true"), 400)
	send(form, e.submitter, inCard ? card : null, part).catch(() => {
		complain(form, "This server did not answer, so it is not known whether that was done. Try again.")
	}).finally(() => {
		clearTimeout(slow)
		form.removeAttribute("aria-busy")
		delete form.dataset.sent
	})
})

async function send(form, button, card, part) {
	const body = new URLSearchParams(new FormData(form))
	if (button?.name) body.append(button.name, button.value)
	for (const p of $$(".err.js", card || part)) p.remove()
	const answer = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { Accept: "text/html" }, redirect: card ? "manual" : "follow" })
	if (card && answer.type === "opaqueredirect") {
		await renew(card.id.slice(2), verb(form)).catch(() => location.reload())
		return
	}
	const page = parse(await answer.text())
	if (answer.status === 401) {
		over()
		complain(form, "Your session has ended.", loginLink())
	} else if (!answer.ok) {
		complain(form, ($(".err, [role=alert], main h1", page) || page.body).textContent.trim())
	} else if (part && page.getElementById(part.id)) {
		put(part.id, page)
		enter(part.id)
	} else location.href = answer.url
}

function complain(form, text, link) {
	const p = document.createElement("p")
	p.className = "err js"
	p.setAttribute("role", "alert")
	p.append(text, ...link ? [" ", link] : []);
	(form.closest(".acts") || form).after(p)
}

function put(id, page) {
	const before = document.getElementById(id), now = page.getElementById(id)
	if (before && now && before.outerHTML !== now.outerHTML) before.replaceWith(document.adoptNode(now))
}

/* enter puts the focus on the first control of a part, or on the part. */
function enter(id) {
	const part = document.getElementById(id), control = $("button, a, summary", part) || part
	if (control === part) part.tabIndex = -1
	control.focus({ preventScroll: true })
}

/* Parts with data-live="KIND" are as the server has them now, once such a thing happened. */
const soonSwap = later(async kind => {
	const answer = await fetch(here(), { headers: { Accept: "text/html" } }).catch(() => null)
	if (!answer?.ok || answer.redirected) return
	const page = parse(await answer.text())
	for (const part of $$(`[id][data-live~="${kind}"]`)) {
		const focused = part.contains(document.activeElement)
		if ($("details[open]", part)) continue
		put(part.id, page)
		if (focused) enter(part.id)
	}
	times()
}, 700)

/* looked: the search for the rest of a conversation ended. What came is not put into
   the tree under the reader, but counted. */
async function looked(part) {
	const answer = await fetch(here(), { headers: { Accept: "text/html" } })
	if (!answer.ok) return
	const page = parse(await answer.text()), more = $$("main article", page).length - $$("main article").length
	const p = document.createElement("p"), b = p.appendChild(document.createElement("b"))
	b.textContent = more > 0 ? count(more, "more post") + " came." : "Nothing more was found."
	if (more > 0) {
		const a = document.createElement("a")
		a.href = here()
		a.textContent = "Show the whole conversation"
		p.append(" ", a)
	}
	part.style.minBlockSize = part.offsetHeight + "px"
	const words = $(":scope > div", part) || $(":scope > span", part) || part
	words.replaceChildren(...words.tagName === "SPAN" ? p.childNodes : [p])
	say(b.textContent)
}

/* 5. Where the owner stopped reading. The place moves up to a post when that and all
   below it, down to the old place, were in sight. */
const list = $("#cards"), reading = $("form.read")
if (list && reading && window.IntersectionObserver) {
	const cards = $$(":scope > article", list), rows = list.dataset.rows.split(" "), top = home.dataset.top
	const mark = $("#here"), until = mark ? cards.filter(c => c.compareDocumentPosition(mark) & Node.DOCUMENT_POSITION_FOLLOWING).length : cards.length
	const before = new URLSearchParams(location.search).get("before") || "", late = $("#late")
	const been = new Set, waiting = new Map
	let sent = -1, lateSent = !late
	const move = (to, keep) => fetch("/me/read", { method: "POST", keepalive: keep, redirect: "manual",
		body: new URLSearchParams({ csrf: token, to, back: "/me", late: late && been.has(late) ? reading.elements.late?.value || "" : "" }) }).catch(() => {})
	const stretch = () => { try { return JSON.parse(sessionStorage.getItem("read")) || {} } catch { return {} } }
	const kept = later(keep => {
		let from = until
		while (from > 0 && been.has(cards[from - 1])) from--
		const all = from === 0
		if (!mark && until > 0) {
			if (!home.dataset.since && been.has(cards[0])) from = 0 // the first place ever
			else {
				// All of this page is seen and the place lies further down: what was seen
				// from the newest on is remembered until it is reached.
				const next = new URLSearchParams($("a[rel=next]")?.search).get("before")
				const so = stretch()
				if (all && (rows[0] === top || so.top === top && so.low === before)) sessionStorage.setItem("read", JSON.stringify({ top, low: next }))
				return
			}
		}
		const up = until - from, so = stretch()
		const newest = all && so.top === top && so.low === before && before ? top : rows[from]
		const withLate = late && been.has(late) && !lateSent
		if (from < until && up > sent || withLate && until === 0) {
			sent = up
			lateSent ||= been.has(late)
			move(newest || top, keep)
		}
	}, 1000)
	const watch = new IntersectionObserver(entries => {
		for (const e of entries) {
			clearTimeout(waiting.get(e.target))
			if (e.intersectionRect.height < Math.min(e.boundingClientRect.height, innerHeight) / 2 || document.hidden) continue
			waiting.set(e.target, setTimeout(() => {
				been.add(e.target)
				watch.unobserve(e.target)
				kept(false)
			}, 600))
		}
	}, { threshold: [0, .25, .5, .75, 1] })
	for (const e of [...cards.slice(0, until), ...late ? [late] : []]) watch.observe(e)
}

/* 6. Times. The server writes "now", "5 min" and "3 h"; a page that stays open grows older. */
function times() {
	for (const t of $$("time[datetime]")) {
		if (!/^(now|\d+ (min|h))$/.test(t.textContent)) continue
		const min = Math.floor((Date.now() - Date.parse(t.dateTime)) / 60000)
		const text = min < 1 ? "now" : min < 60 ? min + " min" : min < 1440 ? Math.floor(min / 60) + " h" : ""
		if (text && text !== t.textContent) t.textContent = text
	}
}
setInterval(() => document.hidden || times(), 30000)

/* 7. What is typed and not sent. The server keeps it as a draft two seconds after the
   last letter; this window keeps it too, until the server said that it has the post, so
   that it outlives a lost session and a wrong step. The key of the form goes along: what
   is typed on is the same draft. */
const draftKey = form => "text " + ["reply", "edit", "quote", "draft"].map(name => form.elements[name]?.value || "").join(" ")
const forget = key => ["", " sent", " form"].forEach(part => sessionStorage.removeItem(key + part))
if (/[?&]done=(posted|changed|held|scheduled)\b/.test(location.search)) for (const key of Object.keys(sessionStorage)) if (key.startsWith("text ") && sessionStorage.getItem(key + " sent")) forget(key)
for (const field of $$("textarea[name=text]")) {
	const form = field.form, key = draftKey(form), stored = sessionStorage.getItem(key)
	if (form.getAttribute("action") !== "/me/write") continue
	if (stored && field.value === field.defaultValue && (field.value === "" || form.elements.edit || form.elements.draft)) {
		field.value = stored
		form.elements.key.value = sessionStorage.getItem(key + " form") || form.elements.key.value
	}
	field.addEventListener("input", () => {
		sessionStorage.removeItem(key + " sent")
		if (field.value.trim() && field.value !== field.defaultValue) {
			sessionStorage.setItem(key, field.value)
			sessionStorage.setItem(key + " form", form.elements.key.value)
		} else forget(key)
	})
	let waiting, request
	const save = async keepalive => {
		waiting = 0
		const body = new FormData(form)
		body.delete("files")
		body.set("do", "autosave")
		request = new AbortController()
		const answer = await fetch("/me/write", { method: "POST", body, keepalive, headers: { Accept: "application/json" }, signal: request.signal })
		if (answer.status === 401) {
			over()
			return note(form, "Not saved: your session has ended.", loginLink())
		}
		const made = await answer.json()
		if (!answer.ok) return note(form, "Not saved. " + made.error)
		if (!made.draft) return
		note(form, "Draft saved " + made.time)
		if (form.elements.draft) forget(key)
	}
	const lost = () => note(form, "Not saved: this server does not answer.")
	form.addEventListener("input", e => {
		if (e.target.type === "file") return
		clearTimeout(waiting)
		waiting = setTimeout(() => save(false).catch(e => e.name === "AbortError" || lost()), 2000)
	})
	addEventListener("pagehide", () => {
		if (!waiting) return
		clearTimeout(waiting)
		save(true).catch(() => {})
	})
	form.addEventListener("submit", e => {
		clearTimeout(waiting)
		waiting = 0
		request?.abort()
		if (e.submitter?.value === "post") sessionStorage.setItem(key + " sent", "yes")
		else forget(key) // the server keeps drafts, and brings the text back otherwise
	})
}

/* note says on the long page how the draft stands. */
function note(form, text, link) {
	if (!$(".big", form)) return link && complain(form, text, link)
	let e = document.getElementById("saved")
	if (!e) {
		e = $(".head").appendChild(document.createElement("span"))
		e.id = "saved"
		e.className = "muted small"
	}
	e.replaceChildren(text, ...link ? [" ", link] : [])
	if (text[0] === "N") say(text)
}

/* The post that is on its way out: its seconds, and what became of it. */
const leaving = $("#sending")
if (leaving) {
	const end = Date.now() + leaving.dataset.left * 1000, form = $("form", leaving)
	const over = async () => {
		const answer = await fetch(form.action, { headers: { Accept: "text/html" } }).catch(() => null)
		if (!answer || answer.ok && !answer.redirected) return void setTimeout(over, 1000)
		const out = answer.redirected && answer.url.includes("/me/post/"), focused = leaving.contains(document.activeElement)
		const p = document.createElement("p"), a = document.createElement("a")
		p.append(out ? "Posted. " : "It did not go out. ", a)
		a.href = out ? answer.url : "/me/drafts"
		a.textContent = out ? "Show it" : "Drafts"
		leaving.style.minBlockSize = leaving.offsetHeight + "px" // nothing moves
		form.replaceChildren(p)
		if (focused) a.focus({ preventScroll: true })
		say(p.firstChild.textContent)
	}
	const ticks = setInterval(() => {
		const s = Math.max(0, Math.ceil((end - Date.now()) / 1000))
		$("b", leaving).textContent = s + " s"
		$("progress", leaving).value = s
		if (s) return
		clearInterval(ticks)
		over()
	}, 250)
}
document.addEventListener("keydown", e => {
	if (e.key !== "Enter" || !(e.ctrlKey || e.metaKey) || e.target.tagName !== "TEXTAREA") return
	const button = $("button[name=do][value=post], button.first", e.target.form)
	if (button) e.target.form.requestSubmit(button)
})

/* Settings that were changed and not saved are asked about before their page is left. */
let unsaved = false
addEventListener("input", e => unsaved ||= !!e.target.form?.matches("[data-unsaved]"))
addEventListener("submit", () => unsaved = false)
addEventListener("beforeunload", e => unsaved && e.preventDefault())
/* What helps to write. People, hashtags and own emojis are offered while they are typed,
   characters are counted, and the part of a picture that matters can be pointed at. */
const begun = /(?:^|[\s(])(@[\p{L}\p{N}_.-]+(?:@[\w.-]*)?|#[\p{L}\p{N}_]+|:\w{2,})$/u
let offers = 0
function offer(field) {
	const box = field.closest(".compose"), list = document.createElement("ul"), told = document.createElement("p")
	list.id = "offer-" + ++offers
	list.className = "offer"
	list.hidden = true
	list.setAttribute("role", "listbox")
	list.setAttribute("aria-label", "Suggestions")
	told.className = "vh"
	told.setAttribute("role", "status")
	box.append(list, told)
	field.setAttribute("aria-autocomplete", "list")
	field.setAttribute("aria-controls", list.id)
	field.autocomplete = "off"
	const word = () => field.selectionStart === field.selectionEnd && begun.exec(field.value.slice(0, field.selectionStart))?.[1] || ""
	let asked = ""
	const close = () => {
		asked = ""
		list.hidden = true
		list.replaceChildren()
		told.textContent = ""
		field.removeAttribute("aria-activedescendant")
	}
	const put = text => {
		const end = field.selectionStart
		field.setRangeText(text + " ", end - word().length, end, "end")
		close()
		field.dispatchEvent(new Event("input", { bubbles: true }))
		close()
	}
	const choose = option => {
		for (const o of list.children) o.setAttribute("aria-selected", o === option)
		field.setAttribute("aria-activedescendant", option.id)
		option.scrollIntoView({ block: "nearest" })
	}
	const ask = later(async () => {
		const begin = asked = word()
		if (!begin) return close()
		const answer = await fetch("/me/suggest?q=" + encodeURIComponent(begin), { headers: { Accept: "application/json" } })
		if (answer.status === 401) return over()
		const found = answer.ok ? await answer.json() : []
		if (asked !== begin || word() !== begin) return
		if (!found.length || found.length === 1 && found[0].insert === begin) return close()
		field.removeAttribute("aria-activedescendant")
		list.replaceChildren(...found.map((f, n) => {
			const li = document.createElement("li"), name = document.createElement("bdi")
			li.id = list.id + "-" + n
			li.setAttribute("role", "option")
			li.setAttribute("aria-selected", false)
			li.dataset.insert = f.insert
			if (f.image) {
				const img = document.createElement("img")
				img.src = f.image
				img.alt = ""
				img.width = img.height = 20
				li.append(img)
			}
			if (f.words) {
				const b = li.appendChild(document.createElement("b"))
				b.dir = "auto"
				b.textContent = f.words
			}
			name.dir = "ltr"
			name.textContent = f.insert
			li.append(name)
			return li
		}))
		list.hidden = false
		told.textContent = count(found.length, "suggestion") + ". Arrow down to choose."
	}, 150)
	field.addEventListener("input", () => word() ? ask() : close())
	field.addEventListener("blur", close)
	list.addEventListener("pointerdown", e => e.preventDefault()) // the focus stays in the text
	list.addEventListener("click", e => {
		const option = e.target.closest("[role=option]")
		if (option) put(option.dataset.insert)
	})
	field.addEventListener("keydown", e => {
		if (list.hidden || e.isComposing || e.ctrlKey || e.metaKey || e.altKey) return
		const all = [...list.children], now = all.findIndex(o => o.ariaSelected === "true")
		if (e.key === "ArrowDown") choose(all[(now + 1) % all.length])
		else if (e.key === "ArrowUp") choose(all[(now < 1 ? all.length : now) - 1])
		else if ((e.key === "Enter" || e.key === "Tab") && now >= 0) put(all[now].dataset.insert)
		else if (e.key === "Escape") close()
		else return
		e.preventDefault()
	})
}

/* letters is the length of a text as the server counts it, near enough to write by. */
function letters(text) {
	text = text.replace(/https?:\/\/[^\s<>"]+/g, "x".repeat(23)).replace(/(@[\w.-]+)@[\w.-]+\w/g, "$1")
	return [...window.Intl?.Segmenter ? new Intl.Segmenter().segment(text) : text].length
}
for (const field of $$('form[action="/me/write"] :is(textarea[name=text], textarea[name=part])')) {
	offer(field)
	const shown = $(".left", field.closest(".compose").nextElementSibling || main), form = field.form
	if (!shown || shown.closest("form") !== form) continue
	const update = () => {
		const left = 5000 - letters(field.value) - letters(form.elements.warning?.value || "")
		shown.textContent = left.toLocaleString("en") + (left < 0 ? ", too long" : " left")
		shown.classList.toggle("dangerw", left < 0)
	}
	field.addEventListener("input", update)
	form.elements.warning?.addEventListener("input", update)
}
for (const select of $$(".attach select[name^=focus-]")) {
	const img = $("a img", select.closest(".attach"))
	if (!img) continue
	const at = () => select.value.split(",").map(Number)
	const show = () => img.style.objectPosition = (at()[0] + 1) * 50 + "% " + (1 - at()[1]) * 50 + "%"
	select.addEventListener("change", show)
	show()
	img.title = "Point at what to keep in view"
	img.parentElement.addEventListener("click", e => {
		if (!e.detail || e.ctrlKey || e.metaKey || e.shiftKey || !img.naturalWidth) return // by key, the link opens the picture
		e.preventDefault()
		const box = img.getBoundingClientRect(), w = img.naturalWidth, h = img.naturalHeight, scale = Math.max(box.width / w, box.height / h)
		const part = (where, side, whole, place) => Math.min(1, Math.max(0, (where + (whole * scale - side) * place) / (whole * scale)))
		const x = part(e.clientX - box.left, box.width, w, (at()[0] + 1) / 2), y = part(e.clientY - box.top, box.height, h, (1 - at()[1]) / 2)
		const value = (2 * x - 1).toFixed(2) + "," + (1 - 2 * y).toFixed(2)
		const option = $("option[data-pointed]", select) || select.appendChild(document.createElement("option"))
		option.dataset.pointed = ""
		option.textContent = "Where you pointed"
		option.value = value
		select.value = value
		select.dispatchEvent(new Event("change", { bubbles: true }))
	})
}

/* 8. Keys. The map of /me/keys says what they do. */
const places = { h: "/me", i: "/me/inbox", c: "/me/catchup", m: "/me/messages", s: "/me/settings", p: "/me/profile", d: "/me/drafts", b: "/me/saved" }
const stopKinds = ["section.author", "article", ".brief"]
const stops = () => {
	for (const kind of stopKinds) {
		const list = $$(kind, main).filter(e => e.checkVisibility?.() ?? true)
		if (list.length) return list
	}
	return []
}
const current = () => document.activeElement.closest(stopKinds.join())

function step(by) {
	const all = stops()
	let at = all.findIndex(s => s === document.activeElement || s.contains(document.activeElement))
	if (at < 0 || !inSight(all[at])) {
		at = all.findIndex(s => s.getBoundingClientRect().bottom > 60)
		if (at >= 0) at -= by > 0 ? 1 : 0
		else at = all.length
	}
	const next = all[at + by]
	if (!next) return say(by > 0 ? "That was the last one." : "That was the first one.")
	stand(next)
}

/* stand puts the focus on a post, so that a screen reader speaks its author and first words. */
function stand(e) {
	const target = e.matches(".brief") ? $("a", e) : e
	if (target === e) {
		e.tabIndex = -1
		if (e.tagName === "ARTICLE" && $(".name", e)) {
			const closed = $("details.cw:not([open]) > summary bdi", e)
			e.setAttribute("aria-label", $(".name", e).textContent + ": " + (closed || $(".text, p", e) || e).textContent.trim().slice(0, 100))
			e.removeAttribute("aria-labelledby")
		}
	}
	target.focus({ preventScroll: true })
	e.scrollIntoView({ block: e.offsetHeight > innerHeight * .7 ? "start" : "nearest" })
}

const press = query => {
	const e = current() && $(query, current())
	e?.click()
	return e
}
const act = name => press(`form[action$="/${name}"] button, form[action$="/un${name}"] button`)
const go = path => location.href = path
const chips = row => $$("a:not(.also)", $$("#choices nav")[row])

const keys = {
	j: () => step(1),
	k: () => step(-1),
	o: () => current()?.matches(".brief") ? press("a") : press(".brief a") || press(".meta a"),
	p: () => press(".by a.name, h2 a.name, a.name"),
	r: () => press('form[action="/me/write"] button'),
	f: () => act("like"),
	b: () => act("boost"),
	d: () => act("save"),
	m: () => { const menu = press(".menu > summary"); if (menu?.parentElement.open) $("a, button", menu.nextElementSibling)?.focus() },
	x: () => press("details.cw > summary"),
	e: () => {
		const all = current() ? $$(".gallery a, .file video, .file audio, .file a", current()) : []
		all[(all.indexOf(document.activeElement) + 1) % all.length]?.focus()
	},
	a: () => {
		const alt = $("details.alt", document.activeElement.closest(".gallery li") || current() || main)
		if (!alt) return
		alt.open = !alt.open
		$(alt.open ? "p" : "summary", alt).focus()
	},
	".": () => $("#news a.new")?.click(),
	c: () => go("/me/write"),
	n: () => go("/me/write"),
	u: () => $("#sending button")?.click(),
	"/": () => { const field = $("main input[type=search]"); field ? field.focus() : go("/me/search") },
	"?": () => go("/me/keys"),
}
if ($("#choices")) {
	for (let n = 1; n < 8; n++) keys[n] = () => chips(0)[n - 1]?.click()
	keys.w = () => $("#choices .also")?.click()
	keys.s = () => { const all = chips(2); all[(all.findIndex(a => a.ariaCurrent) + 1) % all.length]?.click() }
}

function escape() {
	const open = $("details.menu[open]"), field = document.activeElement
	if (open) {
		open.open = false
		$("summary", open).focus()
	} else if (field.matches("input, textarea, select")) {
		const card = current()
		card ? stand(card) : field.blur()
	} else if ($("a.back")) $("a.back").click()
	else if (document.referrer.startsWith(location.origin + "/me")) history.back()
}

/* The owner may have put other keys in the place of the usual ones: "j:l k:h". */
const moved = new Map((own.dataset.keys || "").split(" ").filter(pair => pair[1] === ":").map(pair => [pair[0], pair.slice(2)]))
const usual = new Map([...moved].map(([from, to]) => [to, from]))
const meant = key => usual.get(key) || (moved.has(key) ? "" : key)

let going
if (own.dataset.keys !== "off") document.addEventListener("keydown", e => {
	if (e.ctrlKey || e.altKey || e.metaKey || e.isComposing || e.defaultPrevented) return
	if (e.key === "Escape") return escape()
	if (e.target.matches?.("input, textarea, select, [contenteditable]")) return
	const key = meant(e.key)
	let does = keys[key]
	if (going) {
		clearTimeout(going)
		going = 0
		const path = places[e.key]
		does = path && $(`.rail a[href="${path}"]`) && (() => go(path))
	} else if (key === "g") {
		going = setTimeout(() => going = 0, 1500)
		return
	} else if (e.key === "Enter" && e.target.matches("article, section")) does = keys.o
	if (!does) return
	e.preventDefault()
	does()
})

/* 9. What this browser does where the owner wants it: tell of notices, and keep what
   everybody can read for when there is no connection. Both need the worker. */
const worker = navigator.serviceWorker, kept = "dassie-offline", pushForm = $("#push-form")
const hire = () => worker.register("/me/worker.js", { scope: "/me" }).then(() => worker.ready)

if (pushForm && worker && window.PushManager && window.Notification) {
	$("[data-unable]")?.remove()
	pushForm.hidden = false
	pushForm.addEventListener("submit", async e => {
		if ("told" in pushForm.dataset || pushForm.elements.endpoint.value) return
		e.preventDefault()
		for (const p of $$(".err.js", pushForm.parentElement)) p.remove()
		try {
			if (await Notification.requestPermission() !== "granted") return complain(pushForm, "Notices are not allowed for this site. Allow them in the settings of the browser, then switch push on again.")
			const { pushManager } = await hire()
			await (await pushManager.getSubscription())?.unsubscribe() // it may be for another key
			const { endpoint, keys } = (await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: pushForm.dataset.key })).toJSON()
			for (const [name, value] of Object.entries({ endpoint, ...keys })) pushForm.elements[name].value = value
			pushForm.requestSubmit()
		} catch (err) {
			complain(pushForm, "This browser could not be switched on: " + err.message)
		}
	})
}

/* renewKept keeps /me/offline and the style that it needs. */
async function renewKept() {
	const answer = await fetch("/me/offline", { headers: { Accept: "text/html" } })
	if (!answer.ok || answer.redirected) return
	const cache = await caches.open(kept), style = $("link[rel=stylesheet]", parse(await answer.clone().text()))
	await cache.put("/me/offline", answer)
	await cache.add(style.getAttribute("href"))
}

if (worker && window.caches) {
	const part = $("#offline"), box = $("#keep")
	const stale = async () => {
		const had = await caches.has(kept) && await caches.match("/me/offline")
		return had && Date.now() - Date.parse(had.headers.get("Date")) > 10 * 60000
	}
	if (home) stale().then(old => old && renewKept()).catch(() => {})
	if (part) caches.has(kept).then(on => {
		part.hidden = false
		box.checked = on
	}).catch(() => {})
	box?.addEventListener("change", async () => {
		for (const p of $$(".err.js", part)) p.remove()
		try {
			if (box.checked) {
				await hire()
				await renewKept()
			} else await caches.delete(kept)
			say(box.checked ? "Kept in this browser." : "Nothing is kept any more.")
		} catch (err) {
			box.checked = false
			const p = part.appendChild(document.createElement("p"))
			p.className = "err js"
			p.setAttribute("role", "alert")
			p.textContent = "This browser could not keep them: " + err.message
		}
	})
}

/* forgetDevice leaves nothing behind in a browser whose session is over. */
async function forgetDevice() {
	await window.caches?.delete(kept)
	for (const r of await worker?.getRegistrations() || []) {
		await (await r.pushManager?.getSubscription())?.unsubscribe()
		await r.unregister()
	}
}

/* Back on a list that was left by one of its lines, that line has the focus: once the
   browser is done with the address, which else takes the next Tab back to its start. */
const left = /^#c-\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1))
if (left) {
	left.closest("details:not([open])")?.setAttribute("open", "")
	addEventListener("load", () => setTimeout(stand, 0, left))
}
seen()
})()
