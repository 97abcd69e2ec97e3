// What the page asks for. A reading that is too old is not shown as one.
const maxAge = 1000 * (parseFloat(env.get('MAX_AGE')) || 15);
const house = flow.get('house') || { history: [] };
const now = Date.now();
const at = house.live ? Date.parse(house.live.ts) : NaN;
const fresh = house.online === true && Math.abs(now - at) <= maxAge;
msg.headers = { 'Cache-Control': 'no-store' };
msg.payload = {
    serial: house.serial,
    now: now,
    last: Number.isFinite(at) ? at : undefined,
    fresh: fresh,
    live: fresh ? house.live : undefined,
    alert: flow.get('alert') || undefined,
    gap: 2 * maxAge,
    history: house.history,
};
return msg;
