// Token alert: says once when the gateway's token has a problem or is about to expire, and when that is over.
const info = context.get('info') || {};
const topic = String(msg.topic || '');
if (topic.includes('/info/')) {
    info[topic.split('/').pop()] = String(msg.payload);
    context.set('info', info);
    return null; // weighed with the next tick, when all of them have come
}

const days = (Date.parse(info.token_expires) - Date.now()) / 86400000;
let kind = '';
let text = 'The token is fine again.';
if (info.token_problem === 'ON') {
    kind = 'problem';
    text = 'The gateway\'s token has a problem: ' + (info.token_state || 'see the log of envoy-mqtt') + '.';
} else if (days < (parseFloat(env.get('ALERT_DAYS')) || 14) && info.token_role !== 'installer') { // an installer's lives 12 hours
    kind = 'expires';
    text = 'The gateway\'s token expires in ' + Math.max(0, Math.floor(days)) + ' days, on ' + info.token_expires.slice(0, 10) + ', and was not renewed.';
}
node.status(kind ? { fill: 'red', shape: 'dot', text: kind } : {});
if (kind === (context.get('kind') || '')) {
    return null;
}
context.set('kind', kind);
flow.set('alert', kind ? text : '');
return { topic: env.get('ALERT_TOPIC'), payload: text, kind: kind };
