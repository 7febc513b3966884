import { clientPage } from "./client.js";
import { listPage } from "./list.js";
import { words } from "./words.js";

export { words };
export const style = "/dashboard/assets/pages/clients/page.css";

export const mount = (root, ctx) => (ctx.id ? clientPage(root, ctx) : listPage(root, ctx));
