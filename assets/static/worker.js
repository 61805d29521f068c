/* dassie's service worker: of the owner alone, where they switched push on or keep posts.
   It shows notices, and what is kept when there is no connection. */
"use strict";
const kept = "dassie-offline", page = "/me/offline", week = 7 * 24 * 3600e3

addEventListener("install", () => skipWaiting())
addEventListener("activate", e => e.waitUntil(clients.claim()))

addEventListener("push", e => {
	let m = {}
	try {
		m = e.data.json()
	} catch {} // a notice without words is better than none
	e.waitUntil(registration.showNotification(m.title || "New notice", { body: m.body, tag: m.tag, icon: "/icon.small.png", badge: "/icon.small.png", data: m.path }))
})

addEventListener("notificationclick", e => {
	e.notification.close()
	const path = e.notification.data
	e.waitUntil(show(/^\/me(\/[a-z]+)?$/.test(path) ? path : "/me/inbox"))
})

/* A browser may take its address back; it is told so, since nothing else will be. */
addEventListener("pushsubscriptionchange", e => e.waitUntil(registration.showNotification("This browser switched push off", { body: "Switch it on again to be told of notices.", tag: "off", icon: "/icon.small.png", data: "/me/push" })))

async function show(path) {
	const url = location.origin + path
	for (const c of await clients.matchAll({ type: "window" })) if (c.url === url) return c.focus()
	return clients.openWindow(url)
}

addEventListener("fetch", e => {
	const { mode, method, url } = e.request
	if (method !== "GET") return
	if (mode === "navigate") e.respondWith(navigate(e))
	else if (new URL(url).pathname.startsWith("/static/")) e.respondWith(fetch(e.request).catch(async () => await caches.match(url) || Response.error()))
})

async function navigate(e) {
	try {
		const answer = await fetch(e.request)
		if (answer.type === "opaqueredirect" || answer.status === 401) e.waitUntil(ended())
		return answer
	} catch {
		return await readable() || Response.error()
	}
}

/* readable is what was kept, unless it is too old. */
async function readable() {
	const answer = await caches.match(page)
	if (!answer) return
	if (Date.now() - Date.parse(answer.headers.get("Date")) < week) return answer
	await caches.delete(kept)
}

/* ended forgets everything once the session is over, here or from elsewhere. */
async function ended() {
	const answer = await fetch("/me/news", { headers: { Accept: "application/json" } })
	if (answer.status !== 401) return
	await caches.delete(kept)
	await (await registration.pushManager?.getSubscription())?.unsubscribe()
	await registration.unregister()
}
