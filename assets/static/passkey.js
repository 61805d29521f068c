/* dassie's script for passkeys: at the log-in, where the owner is asked again, and where
   one is added. It shows its button only where it can do something; without it there is
   the password. The server says what may be asked for, and checks every answer. */
"use strict";
(() => {
const box = document.querySelector("[data-passkey]")
if (!box || !window.PublicKeyCredential || !navigator.credentials || location.hostname !== box.dataset.passkey) return
document.querySelector("[data-nopasskey]")?.remove()
box.hidden = false
const form = box.closest("form"), button = box.querySelector("button")
if (!form || !button) return
const wrong = box.querySelector("[role=alert]"), field = form.elements.passkey

const bytes = s => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0))
const text = b => b ? btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "") : undefined

/* What the device answered goes along in the form, as any other field. */
function send(c) {
	const r = c.response
	field.value = JSON.stringify({ id: c.id, rawId: text(c.rawId), type: c.type, response: {
		clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject),
		authenticatorData: text(r.authenticatorData), signature: text(r.signature), userHandle: text(r.userHandle),
	} })
	form.submit()
}

function say(words) {
	wrong.textContent = words
	wrong.hidden = !words
}

function reason(e) {
	switch (e.name) {
	case "NotAllowedError":
	case "AbortError":
		return box.dataset.options ? "No passkey was made." : "No passkey was used. Is there one for this server on this device? Your password works too."
	case "InvalidStateError":
		return "This device has a passkey for this server already."
	}
	return e.message || "The browser could not do it."
}

/* Adding one: the page has what the device needs. */
async function create() {
	const o = JSON.parse(box.dataset.options)
	o.challenge = bytes(o.challenge)
	o.user.id = bytes(o.user.id)
	for (const k of o.excludeCredentials) k.id = bytes(k.id)
	send(await navigator.credentials.create({ publicKey: o }))
}

/* Using one: what is to be signed is asked for before anybody presses the button, since
   browsers want the press and the question close together. It is good for five minutes. */
let ready, waiting
async function ask() {
	const answer = await fetch(box.dataset.ask, { method: "POST", body: new URLSearchParams({ csrf: form.elements.csrf.value }), headers: { Accept: "application/json" } })
	const o = await answer.json()
	if (!answer.ok) throw new Error(o.error)
	return { ...o, challenge: bytes(o.challenge) }
}

async function renew() {
	waiting?.abort()
	const mine = waiting = new AbortController()
	ready = ask()
	try {
		if (box.dataset.fill === undefined || !await PublicKeyCredential.isConditionalMediationAvailable?.()) return void await ready
		const publicKey = await ready
		if (!mine.signal.aborted) send(await navigator.credentials.get({ mediation: "conditional", publicKey, signal: mine.signal }))
	} catch {
		// The button says what is wrong, to who presses it.
	}
}

async function use() {
	waiting?.abort()
	send(await navigator.credentials.get({ publicKey: await ready.catch(ask) }))
}

button.addEventListener("click", async () => {
	say("")
	button.disabled = true
	try {
		await (box.dataset.options ? create() : use())
	} catch (e) {
		say(reason(e))
		button.disabled = false
		if (!box.dataset.options) renew()
	}
})
addEventListener("pageshow", e => {
	if (!e.persisted) return
	button.disabled = false
	if (!box.dataset.options) renew()
})
if (!box.dataset.options) {
	renew()
	setInterval(renew, 4 * 60000)
}
})()
