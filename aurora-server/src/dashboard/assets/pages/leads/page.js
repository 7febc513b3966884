import { boardPage } from "./board.js";
import { leadPage } from "./lead.js";
import { words } from "./words.js";

export { words };
export const style = "/dashboard/assets/pages/leads/page.css";

export const mount = (root, ctx) => (ctx.id ? leadPage(root, ctx) : boardPage(root, ctx));
