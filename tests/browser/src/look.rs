//! What is wrong with a page as it is seen.

use serde_json::Value;

use crate::{Browser, View, provided};

/// Words that are not accented were never translated; whatever is data says `translate="no"`. Of the dialog on top, where there
/// is one.
const LEFT_OVER: &str = r#"
    const left = [];
    const root = [...document.querySelectorAll("dialog")].at(-1) ?? document.body;
    const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node; (node = walk.nextNode());) {
        const marked = node.parentElement.closest("[translate]");
        if (marked?.getAttribute("translate") === "no" || !node.data.trim()) continue;
        if (!/⟦.*⟧/s.test(node.data)) left.push(node.data);
    }
    const names = ["aria-label", "title", "placeholder", "alt"];
    for (const element of root.querySelectorAll(names.map((name) => `[${name}]`).join())) {
        if (element.closest("[translate=no]")) continue;
        for (const name of names) {
            const text = element.getAttribute(name);
            if (text && !text.includes("⟦") && text !== "Aurora") left.push(`${name}=${text}`);
        }
    }
    return left;"#;

/// axe sees no canvas: the share of opaque pixels that stand out from the page by less than 3 to 1.
const PALE: &str = r#"
    const linear = (part) => { part /= 255; return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; };
    const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const back = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const color = getComputedStyle(at).backgroundColor.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
            if (color.length === 3 || color[3] === 1) return color;
        }
        return [255, 255, 255];
    };
    return [...document.querySelectorAll("canvas")].filter(({ width, height }) => width && height).map((canvas) => {
        const behind = light(back(canvas));
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let opaque = 0, pale = 0;
        for (let at = 0; at < data.length; at += 4) {
            if (data[at + 3] < 250) continue;
            opaque += 1;
            const own = light(data.subarray(at, at + 3));
            const [high, low] = own > behind ? [own, behind] : [behind, own];
            if ((high + 0.05) / (low + 0.05) < 3) pale += 1;
        }
        return opaque ? pale / opaque : 0;
    });"#;

const FOREIGN: &str = r#"
    return performance.getEntriesByType("resource").map(({ name }) => name)
        .filter((name) => !name.startsWith(location.origin) && !name.startsWith("data:"));"#;

/// The page and its dialogs, each with what reaches furthest.
const TOO_WIDE: &str = r#"
    return [document.documentElement, ...document.querySelectorAll("dialog")].filter((it) => it.scrollWidth > it.clientWidth).map((it) => {
        const end = (one) => one.getBoundingClientRect().right;
        const far = [...it.querySelectorAll("*")].reduce((best, one) => (end(one) > end(best) ? one : best), it.firstElementChild);
        return `${it.localName} by ${it.scrollWidth - it.clientWidth} px: ${far.outerHTML.slice(0, 200)}`;
    });"#;

const AXE: &str = r#"
    const done = arguments[arguments.length - 1];
    axe.run({ resultTypes: ["violations"] }).then(({ violations }) => done(violations.map(({ id, nodes }) =>
        `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join(" | ").slice(0, 800)}`)), (error) => done([String(error)]));"#;

/// The text of axe, from the packages that tests in JavaScript use.
pub fn axe() -> Option<String> {
    let modules = provided("node", "AURORA_TEST_NODE_MODULES")?;
    let path = format!("{modules}/node_modules/axe-core/axe.min.js");
    Some(std::fs::read_to_string(path).expect("axe-core is among tests/js"))
}

/// Every fault of the page that is open, in words.
pub async fn faults(browser: &Browser, axe: &str, view: View) -> Vec<String> {
    let mut faults = listed("from elsewhere", &browser.ask(FOREIGN).await);
    if view.language == "qps" {
        faults.extend(untranslated(browser).await);
    }
    browser.ask(axe).await;
    let found = browser
        .driver
        .execute_async(AXE, Vec::new())
        .await
        .expect("axe runs");
    faults.extend(listed("axe", found.json()));
    let pale = browser.ask(PALE).await;
    for share in pale.as_array().into_iter().flatten().filter_map(Value::as_f64) {
        if share > 0.02 {
            faults.push(format!("pale: {share:.3} of a chart"));
        }
    }
    faults.extend(too_wide(browser).await);
    for entry in browser.driver.browser_log().await.expect("a log") {
        if format!("{:?}", entry.level).to_lowercase().contains("severe") {
            faults.push(format!("console: {}", entry.message));
        }
    }
    faults
}

/// Words of a page or its dialog that the pseudo-locale left as they were.
pub async fn untranslated(browser: &Browser) -> Vec<String> {
    listed("not translated", &browser.ask(LEFT_OVER).await)
}

/// What reaches beyond the edge of the page or of a dialog.
pub async fn too_wide(browser: &Browser) -> Vec<String> {
    listed("too wide", &browser.ask(TOO_WIDE).await)
}

fn listed(kind: &str, found: &Value) -> Vec<String> {
    let found = found.as_array().into_iter().flatten();
    found.map(|it| format!("{kind}: {it}")).collect()
}
