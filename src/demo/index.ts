/**
 * The demo: two tenants to try the product with, and the small API that one of them calls.
 *
 *   demo-tenants (data) ─▶ DemoSeeder ─▶ the public services of tenants, auth, rag, tools and agents
 *   DemoApi (a port of its own) ◀─ HTTP tools of the demo tenants alone
 *   DemoShop (another port): a customer's website, with the widget of one of them
 *
 * Everything it makes is made through the services that everybody else uses. Nothing else knows that there is a demo.
 */
export { DemoModule } from './demo.module.js';
export { DemoSeeder } from './demo.seeder.js';
export { DemoShopModule } from './demo-shop.module.js';
export { DemoShop } from './shop/demo-shop.js';
