package dev.tally.e2e;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ReducedMotion;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Dashboard and badge in a real browser, against the real system at a fixed time. Pictures of each named state, in both themes and at two
 * widths, are kept in {@code e2e/target/screenshots}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DashboardE2E {

    private static final Path PICTURES = Tally.ROOT.resolve("e2e/target/screenshots");
    private static final Instant NOW = Instant.parse("2026-11-21T15:04:05Z");
    private static final String AXE = axe();
    private static final String MARKUP = "\"><img src=x onerror=\"window.pwned=1\">";
    /** Done when what has changed is painted. */
    private static final String PAINTED =
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))";

    private static final double PATIENCE_MILLIS = 20_000;

    private Chromium chromium;
    private Timeline time;
    private BrowserContext context;
    private Page page;
    private final List<String> complaints = new ArrayList<>();

    private static String axe() {
        try (InputStream in = Objects.requireNonNull(DashboardE2E.class.getResourceAsStream("/axe.min.js"), "axe")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @BeforeAll
    void start() {
        Path executable = Chromium.installed().orElse(null);
        Assumptions.assumeTrue(executable != null, "no Chromium is installed (apt-get install chromium)");
        PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MILLIS);
        chromium = Chromium.at(Objects.requireNonNull(executable));
        time = new Timeline("dashboard", NOW);
        List<ActionEvent> past = new ArrayList<>();
        for (int day = 30; day > 0; day--) {
            Instant at = NOW.minus(day, ChronoUnit.DAYS);
            int some = day % 7 < 2 ? 20 : 180 + day % 5 * 40;
            past.addAll(actions("demo-pro", null, some / 3, at));
            past.addAll(actions("demo-m" + (1 + day % 4), "demo-team", some, at));
        }
        past.addAll(actions(MARKUP, "demo-team", 40, NOW));
        past.addAll(actions("demo-e1", "demo-enterprise", 40, NOW));
        past.addAll(actions("demo-starter", null, 104, NOW));
        time.publish(past);
        try (var producer = time.wire().producer()) {
            Wire.send(producer, new ProducerRecord<>("actions", new byte[] {1}, new byte[] {7, 7, 7}));
        }
    }

    /** So many actions at one moment; of an org's also with spaces, models and kinds, one of each not a friendly name. */
    private static List<ActionEvent> actions(String user, @Nullable String org, int count, Instant at) {
        List<String> spaces = List.of("design", "support", "<svg onload=window.pwned=1>");
        List<String> kinds = List.of("message.send", "model.call", "javascript:alert(1)");
        List<Trigger> triggers = List.of(Trigger.CHAT_COMMAND, Trigger.AGENT_DECISION, Trigger.SCHEDULED_AUTOMATION);
        return IntStream.range(0, count)
                .mapToObj(i -> new ActionEvent(
                        at + "-" + i,
                        at,
                        user,
                        org,
                        org == null ? null : spaces.get(i % 5 % 3),
                        i % 4 == 0 ? null : "model-" + "abc".charAt(i % 3),
                        kinds.get(i % 7 % 3),
                        triggers.get(i % 3),
                        false,
                        Map.of("credits", 1L + i % 4),
                        null,
                        null))
                .toList();
    }

    @AfterAll
    void stop() {
        if (chromium != null) {
            chromium.close();
        }
        if (time != null) {
            time.close();
        }
    }

    @BeforeEach
    void open() {
        context = chromium.browser().newContext();
        context.setDefaultTimeout(PATIENCE_MILLIS);
        page = newPage();
    }

    private Page newPage() {
        Page opened = context.newPage();
        opened.clock().setFixedTime(NOW.toEpochMilli());
        opened.emulateMedia(new Page.EmulateMediaOptions().setReducedMotion(ReducedMotion.REDUCE));
        opened.onPageError(complaints::add);
        opened.onConsoleMessage(message -> {
            if (message.text().contains("Content Security Policy")) {
                complaints.add(message.text());
            }
        });
        opened.onDialog(dialog -> {
            complaints.add("a dialog: " + dialog.message());
            dialog.dismiss();
        });
        return opened;
    }

    @AfterEach
    void close() {
        context.close();
        assertThat(complaints).isEmpty();
    }

    private String app() {
        return time.stack().app();
    }

    private static String user(String id) {
        return "/#/user/" + URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private void publish(String user, int count, String idPrefix) {
        List<ActionEvent> some = IntStream.range(0, count)
                .mapToObj(i -> new ActionEvent(
                        idPrefix + i, NOW, user, null, null, null, "x", Trigger.OTHER, false, Map.of(), null, null))
                .toList();
        time.publish(some);
    }

    @Test
    @Order(1)
    void shouldMoveAsActionsArrive() {
        // Given
        page.navigate(app() + user("demo-pro"));
        assertThat(page.locator(".count")).hasText("0 / 500 actions today");
        page.evaluate("window.opened = 1");
        Page header = newPage();
        header.navigate(app() + "/badge-demo.html");
        Locator badge = header.locator("header usage-badge .text");
        assertThat(badge).hasText("0 / 500 actions today");

        // When
        publish("demo-pro", 42, "a");

        // Then
        assertThat(page.locator(".count")).hasText("42 / 500 actions today");
        assertThat(page.locator(".counter .chip")).hasText("Within the limit");
        assertThat(badge).hasText("42 / 500 actions today");
        assertThat(page.evaluate("window.opened")).isEqualTo(1);

        // When
        publish("demo-pro", 358, "b");

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
    @Order(2)
    void shouldShowHostileNamesAsText() {
        // When
        page.navigate(app() + user(MARKUP));

        // Then
        assertThat(page.locator("h1")).hasText(MARKUP);
        assertThat(page.locator(".count")).hasText("40 actions today");

        // When
        page.route("**/alerts?*", DashboardE2E::answerHostileAlerts);
        page.navigate(app() + "/#/org/demo-team");

        // Then
        assertThat(page.locator("table.split")).containsText(MARKUP);
        assertThat(page.locator(".alerts tbody tr")).hasCount(2);
        assertThat(page.locator(".alerts tbody tr").first())
                .containsText(
                        "Unusually much use" + "Warning" + MARKUP + "space " + MARKUP + "none" + "900, usually 60");
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
    @Order(3)
    void shouldDoWithoutAMouse() {
        // Given
        page.navigate(app() + "/");
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
    @Order(4)
    void shouldEmbedTheBadgeUnderAForeignPolicy() {
        // Given a page that allows no style but that of sheets that scripts adopt
        page.route(
                app() + "/foreign.html",
                route -> route.fulfill(new Route.FulfillOptions()
                        .setContentType("text/html")
                        .setHeaders(Map.of(
                                "Content-Security-Policy",
                                "default-src 'none'; script-src " + app() + "/usage-badge.js; connect-src " + app()))
                        .setBody("<!doctype html><title>x</title><script src='/usage-badge.js'></script>"
                                + "<usage-badge user='demo-starter'></usage-badge>")));

        // When
        page.navigate(app() + "/foreign.html");

        // Then
        assertThat(page.locator("usage-badge .text")).hasText("104 / 100 actions today");
        assertThat(page.locator("usage-badge .quiet")).hasText("over the limit");
        assertThat(
                        page.evaluate(
                                "getComputedStyle(document.querySelector('usage-badge').shadowRoot.querySelector('.track')).height"))
                .isEqualTo("4px");
    }

    /**
     * What is looked at.
     *
     * <p>Those that are hard to bring about have their answers changed or held back between browser and server: {@code changed} is what.
     */
    enum State {
        HOME("/#/", Changed.NOTHING),
        USER("/#/user/demo-pro", Changed.NOTHING),
        USER_OVER_LIMIT("/#/user/demo-starter", Changed.NOTHING),
        USER_EMPTY("/#/user/nobody", Changed.NOTHING),
        USER_HOSTILE(user(MARKUP), Changed.NOTHING),
        USER_LOADING("/#/user/demo-pro", Changed.HELD_BACK),
        USER_STALE("/#/user/demo-pro", Changed.STALE),
        USER_ERROR("/#/user/demo-pro", Changed.NOT_READY),
        ORG("/#/org/demo-team?meter=credits", Changed.NOTHING),
        ORG_EMPTY("/#/org/nobody", Changed.NOTHING),
        ORG_LOADING("/#/org/demo-team", Changed.HELD_BACK),
        ORG_STALE("/#/org/demo-team", Changed.STALE),
        ORG_ERROR("/#/org/demo-team", Changed.NOT_READY),
        SYSTEM("/#/system", Changed.NOTHING),
        SYSTEM_ERROR("/#/system", Changed.NOT_READY),
        TOKEN("/#/user/demo-pro", Changed.REFUSED),
        BADGE("/badge-demo.html", Changed.NOTHING);

        private final String path;
        private final Changed changed;

        State(String path, Changed changed) {
            this.path = path;
            this.changed = changed;
        }
    }

    private enum Changed {
        NOTHING,
        HELD_BACK,
        STALE,
        NOT_READY,
        REFUSED
    }

    @ParameterizedTest
    @EnumSource
    @Order(5)
    void shouldLookRight(State state) {
        // Given
        change(state.changed);
        page.navigate(app() + state.path);
        settle(state);
        page.evaluate(AXE);
        List<String> faults = new ArrayList<>();

        // When
        for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
            for (int width : List.of(1280, 390)) {
                // Axe, and states that are played, take their time: each theme and each width once is enough of them.
                boolean thoroughly = (width == 390) == (scheme == ColorScheme.DARK);
                if (thoroughly || state.changed == Changed.NOTHING) {
                    faults.addAll(look(state, scheme, width, thoroughly));
                }
            }
        }

        // Then
        assertThat(faults).isEmpty();
    }

    /** Takes a picture and says what is wrong with it. */
    private List<String> look(State state, ColorScheme scheme, int width, boolean withAxe) {
        String name = "%s-%d-%s"
                .formatted(state, width, scheme)
                .toLowerCase(Locale.ROOT)
                .replace('_', '-');
        page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(scheme));
        page.setViewportSize(width, width == 390 ? 844 : 800);
        page.evaluate(PAINTED);
        page.screenshot(new Page.ScreenshotOptions()
                .setPath(PICTURES.resolve(name + ".png"))
                .setFullPage(true));
        Object found = page.evaluate("""
                async (withAxe) => [
                  ...(document.documentElement.scrollWidth > innerWidth ? ['wider than the window'] : []),
                  ...(withAxe ? await axe.run(document, {resultTypes: ['violations']}).then(({violations}) =>
                    violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}`))) : []),
                ]""", withAxe);
        return ((List<?>) found).stream().map(fault -> name + ": " + fault).toList();
    }

    private void settle(State state) {
        switch (state.changed) {
            case HELD_BACK -> assertThat(page.locator(".skeleton").first()).isVisible();
            case REFUSED -> assertThat(page.locator("dialog")).isVisible();
            case NOTHING, STALE, NOT_READY -> {
                if (state == State.BADGE) {
                    assertThat(page.locator("header usage-badge .text")).containsText("500");
                } else if (state == State.HOME) {
                    assertThat(page.locator(".subjects a")).hasCount(5);
                } else {
                    assertThat(page.locator("main [aria-busy=true]")).hasCount(0);
                }
            }
        }
    }

    private void change(Changed changed) {
        if (changed != Changed.NOTHING) {
            // A stream cannot be changed on its way; without one the page asks.
            page.route(
                    "**/openapi.json",
                    route -> route.fulfill(new Route.FulfillOptions()
                            .setContentType("application/json")
                            .setBody(route.fetch().text().replace("/usage/stream", "/usage/none"))));
        }
        switch (changed) {
            case NOTHING -> {}
            case HELD_BACK -> page.route("**/v1/**", route -> {});
            case STALE ->
                page.route("**/v1/**", route -> {
                    APIResponse response = route.fetch();
                    route.fulfill(new Route.FulfillOptions()
                            .setResponse(response)
                            .setBody(response.text().replace("\"stale\":false", "\"stale\":true")));
                });
            case NOT_READY ->
                page.route(
                        "**/{v1,health}/**", route -> answer(route, 503, "partition 3 is moving to another instance"));
            case REFUSED -> page.route("**/v1/**", DashboardE2E::refuse);
        }
    }

    /** Of what producers and plans name as they like, and of a kind that this page does not know. */
    private static void answerHostileAlerts(Route route) {
        String alert = """
                {"alertId": "a", "kind": "%s", "severity": "WARNING", "subject": "org:demo-team", "scope": "%s", "scopeId": "%s", "meter": "%s",
                 "windowStart": "2026-11-21T15:00:00Z", "windowEnd": "2026-11-21T15:10:00Z", "threshold": null, "epoch": 0,
                 "limit": 60, "used": 900, "resetsAt": null, "planId": null, "cause": "%s", "late": false, "at": "2026-11-21T15:10:00Z"}""";
        String markup = MARKUP.replace("\"", "\\\"");
        route.fulfill(new Route.FulfillOptions()
                .setContentType("application/json")
                .setBody(
                        "{\"subject\": \"org:demo-team\", \"since\": \"2026-11-14T15:04:05Z\", \"more\": true, \"alerts\": ["
                                + alert.formatted("ANOMALY", "SPACE", markup, markup, markup) + ", "
                                + alert.formatted(markup, "MEMBER", "", "actions", markup) + "]}"));
    }

    private static void refuse(Route route) {
        answer(route, 401, "there is no bearer token");
    }

    private static void answer(Route route, int status, String detail) {
        route.fulfill(new Route.FulfillOptions()
                .setStatus(status)
                .setContentType("application/problem+json")
                .setBody("""
                        {"type": "urn:tally:problem:x", "title": "x", "status": %d, "detail": "%s"}""".formatted(status, detail)));
    }

    /** The server's side is played here, by the network between: who has no token is refused, a stream is opened with a ticket alone. */
    @Test
    @Order(6)
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
                refuse(route);
            }
        });
        page.route(
                "**/v1/stream-tickets",
                route -> route.fulfill(new Route.FulfillOptions()
                        .setContentType("application/json")
                        .setBody("{\"ticket\": \"once\"}")));
        String usage = time.wire().get(app() + "/v1/users/demo-starter/usage").toString();
        page.route(
                "**/usage/stream?*",
                route -> route.fulfill(new Route.FulfillOptions()
                        .setContentType("text/event-stream")
                        .setBody("event: usage\ndata: " + usage + "\n\n")));
        page.navigate(app() + "/#/user/demo-starter");
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
    @Order(7)
    void shouldTellWhenAPoolIsEmpty() {
        page.navigate(app() + "/");

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

    @Test
    @Order(8)
    void shouldComeBackAfterACrash() {
        // Given
        page.navigate(app() + user("demo-pro"));
        assertThat(page.locator(".count")).hasText("400 / 500 actions today");
        page.evaluate("window.opened = 1");

        // When
        time.stack().kill9("streams-app");

        // Then
        assertThat(page.locator(".counter .link")).containsText("Reconnecting");
        page.screenshot(new Page.ScreenshotOptions().setPath(PICTURES.resolve("user-reconnecting.png")));
        assertThat(page.locator(".counter .link"))
                .hasText(
                        Pattern.compile("Live|Updated every 2 s"),
                        new LocatorAssertions.HasTextOptions().setTimeout(60_000));

        // When
        Timeline.await(() -> time.wire().conservation("read"));
        publish("demo-pro", 100, "c");

        // Then
        assertThat(page.locator(".count")).hasText("500 / 500 actions today");
        assertThat(page.locator(".counter .chip")).hasText("Limit reached");
        assertThat(page.evaluate("window.opened")).isEqualTo(1);
    }
}
