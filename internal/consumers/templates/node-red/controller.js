// Zero export: moves a set-point, W, so that the power at the grid comes to TARGET. It is 0 as soon as there is no
// reading younger than MAX_AGE seconds, the bridge or the gateway is offline, or a reading is no number.
const now = Date.now();
const maxAge = number('MAX_AGE', 15) * 1000;
const s = context.get('state') || { output: 0, measured: 0, told: 0, stopped: false };

function number(name, usual) {
    const v = parseFloat(env.get(name));
    return Number.isFinite(v) ? v : usual;
}

function say(watts, why) {
    s.output = watts;
    s.told = now;
    context.set('state', s);
    node.status({ fill: s.stopped ? 'red' : 'green', shape: 'dot', text: watts + ' W, ' + why });
    return { topic: env.get('SETPOINT_TOPIC'), payload: watts, why: why };
}

// reading returns the time and power of a live document, or null: what is not measured, not now or a fail-safe is none.
function reading(doc) {
    if (doc === null || typeof doc !== 'object' || doc.failsafe || doc.grid === null || typeof doc.grid !== 'object') {
        return null;
    }
    const at = Date.parse(doc.ts);
    if (!Number.isFinite(doc.grid.power) || !(Math.abs(now - at) <= maxAge)) {
        return null;
    }
    return { at: Math.min(at, now), power: doc.grid.power };
}

const topic = String(msg.topic || '');
if (topic.endsWith('/live')) {
    if (s.topic !== undefined && s.topic !== topic) {
        return null; // of two gateways the first is regulated
    }
    const r = reading(msg.payload);
    if (r !== null && r.at > s.measured) {
        s.topic = topic;
        s.measured = r.at;
        s.stopped = false;
        const next = s.output + number('GAIN', 0.5) * (r.power - number('TARGET', 0));
        return say(Math.round(Math.min(Math.max(next, 0), number('MAX_POWER', 800))), 'grid ' + Math.round(r.power) + ' W');
    }
} else if (msg.payload === 'offline' && (/\/bridge(-\d+)?\/state$/.test(topic) || s.topic === topic.replace(/availability$/, 'live'))) {
    s.measured = 0;
}

// Said at once, and again now and then in case that it was not heard.
if (now - s.measured > maxAge && (!s.stopped || now - s.told > 30000)) {
    s.stopped = true;
    return say(0, 'no fresh reading');
}
context.set('state', s);
return null;
