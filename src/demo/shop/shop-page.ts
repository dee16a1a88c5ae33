/** The shop ACME as its customers see it: one page, its style, its script. Nothing is fetched from anywhere else. */

interface Product {
  readonly name: string;
  readonly text: string;
  readonly price: string;
  /** SVG, 120 by 90. */
  readonly art: string;
  readonly ground: string;
}

const PRODUCTS: readonly Product[] = [
  {
    name: 'Errigal 2 tent',
    text: 'Two people, three seasons, 1.9 kg',
    price: '€329',
    ground: '#e3ece2',
    art: '<path d="M14 76 60 16l46 60Z" fill="#3d6b52"/><path d="M60 16 44 76h32Z" fill="#f3efe2"/><path d="M60 16v60" stroke="#3d6b52" stroke-width="2"/>',
  },
  {
    name: 'Nephin 45 backpack',
    text: 'Carries a weekend, repaired for life',
    price: '€169',
    ground: '#f3e6d8',
    art: '<rect x="36" y="18" width="48" height="60" rx="16" fill="#c2703d"/><rect x="44" y="48" width="32" height="24" rx="7" fill="#8f4c24"/><path d="M48 20c0-14 24-14 24 0" fill="none" stroke="#8f4c24" stroke-width="4"/><path d="M44 36h32" stroke="#f3e6d8" stroke-width="3"/>',
  },
  {
    name: 'Burren hiking boots',
    text: 'Full leather, new soles in our workshop',
    price: '€215',
    ground: '#e9e4de',
    art: '<path d="M38 18h22v28c10 8 26 6 30 18v8H36V46Z" fill="#6b4a34"/><path d="M34 72h58v7H34Z" fill="#2e241d"/><path d="M60 28h-9m9 8h-9m9 8h-9" stroke="#e9e4de" stroke-width="3"/>',
  },
  {
    name: 'Skellig rain jacket',
    text: 'Three layers, no fluorine',
    price: '€249',
    ground: '#dde9ee',
    art: '<path d="M44 18h32l22 14-8 18-9-5v33H39V45l-9 5-8-18Z" fill="#2f6f8f"/><path d="M50 18c2 10 18 10 20 0" fill="#1f4f68"/><path d="M60 26v52" stroke="#dde9ee" stroke-width="2.5"/>',
  },
  {
    name: 'Liffey bottle',
    text: 'Keeps tea hot from Howth to Bray',
    price: '€34',
    ground: '#efe6ee',
    art: '<rect x="46" y="24" width="28" height="56" rx="9" fill="#7b5277"/><rect x="51" y="12" width="18" height="12" rx="4" fill="#4f3350"/><path d="M46 46h28" stroke="#efe6ee" stroke-width="4"/>',
  },
  {
    name: 'Lough lantern',
    text: 'Forty hours of light from one charge',
    price: '€59',
    ground: '#f4edd4',
    art: '<path d="M44 30c0-22 32-22 32 0" fill="none" stroke="#4a4434" stroke-width="4"/><rect x="42" y="30" width="36" height="40" rx="8" fill="#f0c24b"/><rect x="38" y="66" width="44" height="12" rx="4" fill="#4a4434"/><circle cx="60" cy="50" r="9" fill="#fff6d8"/>',
  },
];

export function shopPage(widget: { readonly script: string; readonly key: string }): string {
  const cards = PRODUCTS.map(
    ({ art, ground, name, price, text }) => `<li class="product">
        <svg viewBox="0 0 120 90" role="img" aria-label="${name}"><rect width="120" height="90" fill="${ground}"/>${art}</svg>
        <h3>${name}</h3><p>${text}</p><p class="price">${price}</p>
      </li>`,
  ).join('\n      ');
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content">
  <title>ACME – made for weather</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/shop.css">
  <script src="/shop.js"></script>
  <script src="${widget.script}" data-widget="${widget.key}" async></script>
</head>
<body>
  <header class="top">
    <a class="brand" href="/">ACME</a>
    <nav aria-label="Shop"><a href="#new">New</a><a href="#help">Help</a></nav>
    <button type="button" id="account">Sign in as Ana</button>
  </header>
  <main>
    <section class="hero">
      <svg viewBox="0 0 1200 420" preserveAspectRatio="xMidYMax slice" aria-hidden="true">
        <rect width="1200" height="420" fill="#dfe9e6"/><circle cx="930" cy="120" r="56" fill="#f6e3b4"/>
        <path d="M0 300 190 150l130 110 170-170 210 200 150-120 350 210v140H0Z" fill="#9fbdb2"/>
        <path d="M0 360 220 250l180 90 240-150 260 170 150-70 150 80v90H0Z" fill="#5d8a78"/>
        <path d="M0 420v-40l300-50 330 50 290-60 280 60v40Z" fill="#24503f"/>
      </svg>
      <div class="hero-text">
        <h1>Made for weather</h1>
        <p>Outdoor gear from Dublin, with a workshop that keeps it going.</p>
        <p><a class="call" href="#new">See what is new</a></p>
      </div>
    </section>
    <section id="new" aria-labelledby="new-title">
      <h2 id="new-title">New this season</h2>
      <ul class="products">
      ${cards}
      </ul>
    </section>
    <section id="help" class="help" aria-labelledby="help-title">
      <h2 id="help-title">Ordered something?</h2>
      <p>Ask us. Order 1042 is on its way, 1043 has just been placed.</p>
      <p>
        <button type="button" data-ask="Where is my order 1042?">Where is my order?</button>
        <button type="button" data-ask="How many days do I have to return something?">How do returns work?</button>
      </p>
    </section>
  </main>
  <footer>This shop is part of the demo. The chat in the corner is Switchboard’s widget, on a page of another origin.</footer>
</body>
</html>
`;
}

export const SHOP_STYLE = `*,*::before,*::after{box-sizing:border-box}
:root{color-scheme:light}
body{margin:0;color:#1c2a25;background:#fbfaf7;font:16px/1.6 Georgia,'Noto Serif',serif}
h1,h2,h3,p,ul{margin:0;padding:0}
h1,h2{font-weight:500;letter-spacing:-.02em;line-height:1.1}
a{color:inherit}
button,.call{font:600 15px/1 system-ui,sans-serif;padding:13px 20px;border:0;border-radius:99px;background:#24503f;color:#fff;cursor:pointer;text-decoration:none;display:inline-block}
button:hover,.call:hover{background:#1a3c2f}
:focus-visible{outline:3px solid #c2703d;outline-offset:2px}
.top{display:flex;align-items:center;gap:clamp(14px,3vw,28px);padding:18px clamp(18px,5vw,64px)}
.brand{font:700 21px/1 system-ui,sans-serif;letter-spacing:.14em;text-decoration:none}
.top nav{display:flex;gap:20px;flex:1;font:15px/1 system-ui,sans-serif}
.top nav a{text-decoration:none;padding:6px 0}
.top button{white-space:nowrap;font-size:14px;background:#eceae2;color:#1c2a25;padding:11px 16px}
.top button:hover{background:#e0ddd2}
.hero{position:relative;display:grid}
.hero svg{grid-area:1/1;width:100%;height:clamp(300px,44vw,440px)}
.hero-text{grid-area:1/1;align-self:start;padding:clamp(26px,5vw,60px) clamp(18px,5vw,64px);display:grid;gap:14px}
.hero h1{font-size:clamp(38px,6vw,68px)}
main>section:not(.hero){padding:clamp(32px,5vw,60px) clamp(18px,5vw,64px)}
h2{font-size:clamp(26px,3vw,34px);margin-bottom:22px}
.products{list-style:none;display:grid;grid-template-columns:repeat(auto-fill,minmax(230px,1fr));gap:26px}
.product svg{width:100%;border-radius:14px;display:block;margin-bottom:12px}
.product h3{font-size:19px;font-weight:500}
.product p{color:#52615b;font:15px/1.5 system-ui,sans-serif}
.product .price{color:#1c2a25;font-weight:600}
.help{background:#eef1ea}
.help p{margin-bottom:16px}
.help button{margin:0 8px 8px 0}
footer{padding:26px clamp(18px,5vw,64px) 110px;color:#52615b;font:14px/1.5 system-ui,sans-serif}
`;

/** What a customer's own script says to the widget, also before that is there. */
export const SHOP_SCRIPT = `window.Switchboard = window.Switchboard || [];
addEventListener('DOMContentLoaded', () => {
  for (const button of document.querySelectorAll('[data-ask]'))
    button.addEventListener('click', () => window.Switchboard.push(['send', button.dataset.ask]));
  const account = document.getElementById('account');
  // The shop's server signs who is signed in; the widget asks again whenever it needs another one.
  const identity = async () => (await (await fetch('/identity', { method: 'POST' })).json()).identity_token;
  const show = (isIn) => {
    account.textContent = isIn ? 'Sign out' : 'Sign in as Ana';
    if (isIn) window.Switchboard.push(['identify', identity]);
  };
  const isIn = () => sessionStorage.getItem('ana') === 'in';
  account.addEventListener('click', () => {
    if (isIn()) window.Switchboard.push(['logout']);
    if (isIn()) sessionStorage.removeItem('ana');
    else sessionStorage.setItem('ana', 'in');
    show(isIn());
  });
  show(isIn());
});
`;
