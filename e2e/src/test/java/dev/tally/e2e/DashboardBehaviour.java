package dev.tally.e2e;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** What dashboard and badge do: with actions that come, hostile names, a keyboard, a foreign page, a token. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
abstract class DashboardBehaviour {

    private final DashboardSite site;
    private final BrowserWindow window;
    private final Page page;

    DashboardBehaviour(DashboardSite site) {
        this.site = site;
        this.window = site.newWindow();
        this.page = window.newPage();
    }

    @AfterEach
    void close() {
        window.close();
        window.requireNoComplaints();
    }

    @Test
    @Order(1)
    void shouldMoveAsActionsArrive() {
        // Given
        page.navigate(site.app() + DashboardSite.user("demo-pro"));
        assertThat(page.locator(".count")).hasText("0 / 500 actions today");
        page.evaluate("window.opened = 1");
        Page header = window.newPage();
        header.navigate(site.app() + "/badge-demo.html");
        Locator badge = header.locator("header usage-badge .text");
        assertThat(badge).hasText("0 / 500 actions today");

        // When
        site.publish("demo-pro", 42, "a");

        // Then
        assertThat(page.locator(".count")).hasText("42 / 500 actions today");
        assertThat(page.locator(".counter .chip")).hasText("Within the limit");
        assertThat(badge).hasText("42 / 500 actions today");
        assertThat(page.evaluate("window.opened")).isEqualTo(1);

        // When
        site.publish("demo-pro", 358, "b");

        // Then
        assertThat(page.locator(".count")).hasText("400 / 500 actions today");
        assertThat(page.locator(".counter .chip")).hasText("Close to the limit");
        assertThat(page.locator(".alerts tbody tr").first())
                .containsText(Pattern.compile("Close to the limit.*Warning.*actions.*this user.*80 %.*400 of 500"));
        assertThat(page.locator("table.limits")).containsText("400 / 500");
        assertThat(page.locator("#announcer")).hasText("400 of 500 actions today. Close to the limit");
        assertThat(badge).hasText("400 / 500 actions today");
        assertThat(header.locator("header usage-badge .quiet")).hasText("close to the limit");
    }

    @Test
    void shouldShowHostileNamesAsText() {
        // When
        page.navigate(site.app() + DashboardSite.user(DashboardSite.MARKUP));

        // Then
        assertThat(page.locator("h1")).hasText(DashboardSite.MARKUP);
        assertThat(page.locator(".count")).hasText("10 actions today");

        // When
        Played.hostileAlerts(page);
        page.navigate(site.app() + "/#/org/demo-team");

        // Then
        assertThat(page.locator("table.split")).containsText(DashboardSite.MARKUP);
        assertThat(page.locator(".alerts tbody tr")).hasCount(2);
        assertThat(page.locator(".alerts tbody tr").first())
                .containsText("Unusually much use" + "Warning" + DashboardSite.MARKUP + "space " + DashboardSite.MARKUP
                        + "none" + "900, usually 60");
        assertThat(page.locator(".alerts tbody tr").last()).containsText("member (each)");
        assertThat(page.locator(".alerts")).containsText("There are older ones than these.");
        page.locator("#split-space").click();
        assertThat(page.locator("table.split")).containsText("<svg onload=window.pwned=1>");
        page.locator("#split-action").click();
        assertThat(page.locator("table.split")).containsText("javascript:alert(1)");
        assertThat(page.locator("main img, main svg[onload], main script, a[href^=javascript]"))
                .hasCount(0);
        assertThat(page.evaluate("window.pwned === undefined")).isEqualTo(true);
        assertThat(page.locator(".pool-count")).containsText("of 14,000 credits left");
        assertThat(page.locator(".pool canvas")).hasCount(1);
    }

    @Test
    void shouldDoWithoutAMouse() {
        // Given
        page.navigate(site.app() + "/");
        assertThat(page.locator("h1")).isVisible();

        // When the first stop is the link over what is at the top of each page
        page.keyboard().press("Tab");
        assertThat(page.locator(".skip")).isFocused();
        page.keyboard().press("Enter");

        // Then
        assertThat(page.locator("main")).isFocused();

        // When
        page.locator("#find-kind").focus();
        page.keyboard().type("Org");
        page.keyboard().press("Tab");
        page.keyboard().type("demo-team");
        page.keyboard().press("Enter");

        // Then
        assertThat(page.locator("h1")).hasText("demo-team");
        assertThat(page.locator("main")).isFocused();

        // When
        page.locator("#split-member").focus();
        page.keyboard().press("ArrowRight");
        page.keyboard().press("End");

        // Then
        assertThat(page.locator("#split-trigger")).isFocused();
        assertThat(page.locator("#split-trigger")).hasAttribute("aria-selected", "true");
        assertThat(page.locator("table.split")).containsText("CHAT_COMMAND");

        // Then each stop is seen, and the last one is left again
        page.locator(".skip").focus();
        List<String> stops = new ArrayList<>();
        do {
            page.keyboard().press("Tab");
            stops.add(String.valueOf(page.evaluate("""
                    () => {
                      const on = document.activeElement;
                      if (on === document.body) return 'out';
                      const style = getComputedStyle(on);
                      return `${style.outlineStyle !== 'none' ? 'seen' : 'unseen'} ${on.tagName} ${on.textContent.trim().slice(0, 30)}`;
                    }""")));
        } while (!stops.getLast().equals("out") && !stops.getLast().contains("Skip to content") && stops.size() < 80);
        assertThat(stops).hasSizeBetween(12, 79).noneMatch(stop -> stop.startsWith("unseen"));
    }

    @Test
    void shouldEmbedTheBadgeUnderAForeignPolicy() {
        // Given a page that allows no style but that of sheets that scripts adopt
        page.route(
                site.app() + "/foreign.html",
                route -> route.fulfill(new Route.FulfillOptions()
                        .setContentType("text/html")
                        .setHeaders(Map.of(
                                "Content-Security-Policy",
                                "default-src 'none'; script-src " + site.app() + "/usage-badge.js; connect-src "
                                        + site.app()))
                        .setBody("<!doctype html><title>x</title><script src='/usage-badge.js'></script>"
                                + "<usage-badge user='demo-starter'></usage-badge>")));

        // When
        page.navigate(site.app() + "/foreign.html");

        // Then
        assertThat(page.locator("usage-badge .text")).hasText("104 / 100 actions today");
        assertThat(page.locator("usage-badge .quiet")).hasText("over the limit");
        assertThat(
                        page.evaluate(
                                "getComputedStyle(document.querySelector('usage-badge').shadowRoot.querySelector('.track')).height"))
                .isEqualTo("4px");
    }

    /** The server's side is played here, by the network between: who has no token is refused, a stream is opened with a ticket alone. */
    @Test
    void shouldKeepATokenOutOfAddresses() {
        // Given
        List<String> addresses = new ArrayList<>();
        page.onRequest(request -> addresses.add(request.url()));
        page.route(
                "**/openapi.json",
                route -> route.fulfill(new Route.FulfillOptions()
                        .setContentType("application/json")
                        .setBody("""
                        {"paths": {"/v1/users/{id}/usage/stream": {"get": {}}, "/v1/stream-tickets": {"post": {}}}}""")));
        page.route("**/v1/**", route -> {
            if ("Bearer s3cret".equals(route.request().headers().get("authorization"))) {
                route.resume();
            } else {
                Played.refuse(route);
            }
        });
        page.route(
                "**/v1/stream-tickets",
                route -> route.fulfill(new Route.FulfillOptions()
                        .setContentType("application/json")
                        .setBody("{\"ticket\": \"once\"}")));
        String usage =
                site.wire().get(site.app() + "/v1/users/demo-starter/usage").toString();
        page.route(
                "**/usage/stream?*",
                route -> route.fulfill(new Route.FulfillOptions()
                        .setContentType("text/event-stream")
                        .setBody("event: usage\ndata: " + usage + "\n\n")));
        page.navigate(site.app() + "/#/user/demo-starter");
        assertThat(page.locator("dialog")).isVisible();

        // When
        page.locator("#token-text").fill("Bearer s3cret");
        page.locator("#token-form [type=submit]").click();

        // Then
        assertThat(page.locator(".count")).hasText("104 / 100 actions today");
        assertThat(page.locator("table.limits")).containsText("104 / 100");
        assertThat(addresses)
                .noneMatch(address -> address.contains("s3cret"))
                .anyMatch(address -> address.endsWith("/usage/stream?ticket=once"));
        assertThat(String.valueOf(page.evaluate("JSON.stringify(localStorage)")))
                .doesNotContain("s3cret");
    }

    /** Of 2,200, 100 are used on each of nine days and 200 on the tenth; it is noon of the eleventh, with 50 used so far. */
    @Test
    void shouldTellWhenAPoolIsEmpty() {
        page.navigate(site.app() + "/");

        Object burn = page.evaluate("""
                async () => {
                  const {burnDown} = await import('/assets/pool.js');
                  const days = Array.from({length: 11}, (_, i) => ({
                    day: `2026-10-${String(i + 1).padStart(2, '0')}`, used: i === 10 ? 50 : i === 9 ? 200 : 100}));
                  const burn = burnDown({start: '2026-10-01T00:00:00Z', end: '2026-11-01T00:00:00Z'},
                    {included: 2100, granted: 100, used: 1150}, days, Date.parse('2026-10-11T12:00:00Z') / 1000);
                  return [burn.total, burn.present, burn.paceDays, Math.round(burn.pace * 7), burn.left.slice(0, 12),
                    new Date(burn.emptyAt * 1000).toISOString(), burn.even.at(-1), Math.round(burn.atEnd)];
                }""");

        assertThat(String.valueOf(burn))
                .isEqualTo(
                        "[2200, 1050, 7, 800, [2200, 2100, 2000, 1900, 1800, 1700, 1600, 1500, 1400, 1300, 1100, 1050],"
                                + " 2026-10-20T16:30:00.000Z, 0, -1293]");
    }
}
