package dev.tally.e2e;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Page;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** The states in which the dashboard, its parts and the badge are looked at. */
@SuppressWarnings("ImmutableEnumChecker") // its functions keep nothing
enum DashboardState {
    HOME("/#/", visible(".subjects li:nth-child(5)")),
    HOME_LATELY("/#/user/demo-pro", DashboardState::goHome),
    NOT_FOUND("/#/nowhere", visible(".home-head")),

    USER("/#/user/demo-pro", answered("main")),
    USER_OVER_LIMIT("/#/user/demo-starter", answered("main")),
    USER_EMPTY("/#/user/nobody", answered("main")),
    USER_HOSTILE(DashboardSite.user(DashboardSite.MARKUP), answered("main")),
    USER_LOADING("/#/user/demo-pro", Played::heldBack, visible(".skeleton")),
    USER_STALE("/#/user/demo-pro", Played::stale, answered("main")),
    USER_ERROR("/#/user/demo-pro", Played::notReady, answered("main")),

    ORG("/#/org/demo-team?meter=credits", answered("main")),
    ORG_EMPTY("/#/org/nobody", answered("main")),
    ORG_LOADING("/#/org/demo-team", Played::heldBack, visible(".skeleton")),
    ORG_STALE("/#/org/demo-team", Played::stale, answered("main")),
    ORG_ERROR("/#/org/demo-team", Played::notReady, answered("main")),

    POOL_HARDLY_USED(Part.POOL, "/#/org/demo-enterprise"),
    DAYS_AS_TABLE(Part.DAYS, "/#/user/demo-pro", clicked(".history summary")),
    BREAKDOWN_BY_SPACE(Part.BREAKDOWN, "/#/org/demo-team", clicked("#split-space")),
    ALERTS_EVERY_KIND(Part.ALERTS, "/#/org/demo-team", Played::everyAlert, answered(Part.ALERTS)),
    ALERTS_ERROR(Part.ALERTS, "/#/org/demo-team", Played::alertsNotReady, answered(Part.ALERTS)),
    BILLING_OVERAGE(Part.BILLING, "/#/user/demo-payg"),
    FACTS(Part.FACTS, "/#/user/demo-payg", DashboardState::askForFacts),
    AUDIT_ERROR(
            Part.AUDIT, "/#/user/demo-pro", Played::auditGone, answered("main").andThen(DashboardState::download)),

    SYSTEM("/#/system", answered("main")),
    SYSTEM_EMPTY("/#/system", Played::nothingRead, answered("main")),
    SYSTEM_LOADING("/#/system", Played::heldBack, visible(".skeleton")),
    SYSTEM_BEHIND("/#/system", Played::behind, answered("main")),
    SYSTEM_ERROR("/#/system", Played::notReady, answered("main")),

    TOKEN("/#/user/demo-pro", Played::unauthenticated, visible("dialog")),

    BADGE("/badge-demo.html", visible("header usage-badge .badge:not(.none)")),
    BADGE_STALE("/badge-demo.html", Played::stale, visible("header usage-badge .badge.stale:not(.none)")),
    BADGE_ERROR("/badge-demo.html", Played::notReady, visible("header usage-badge .badge.stale.none"));

    /** One of each view. */
    private static final Set<DashboardState> IN_ALL_WAYS = EnumSet.of(HOME, USER, ORG, SYSTEM, BADGE);

    /** What of a page is selected. */
    private static final class Part {
        static final String VIEW = "/#/";
        static final String ALL = "";
        static final String POOL = ".panel.pool";
        static final String DAYS = ".panel.history";
        static final String BREAKDOWN = ".panel.split";
        static final String ALERTS = ".panel.alerts";
        static final String BILLING = ".panel.billing";
        static final String FACTS = ".panel.billable";
        static final String AUDIT = ".panel.audit";

        private Part() {}
    }

    private final String part;
    private final String path;
    private final Consumer<Page> played;
    private final Consumer<Page> reached;
    private final boolean isView;

    DashboardState(String path, Consumer<Page> reached) {
        this(Part.ALL, path, page -> {}, reached, path.startsWith(Part.VIEW));
    }

    DashboardState(String path, Consumer<Page> played, Consumer<Page> reached) {
        this(Part.ALL, path, played, reached, false);
    }

    DashboardState(String part, String path) {
        this(part, path, page -> {}, answered(part), true);
    }

    DashboardState(String part, String path, Consumer<Page> reached) {
        // What is above it is there, else a click meets what has moved meanwhile.
        this(part, path, page -> {}, answered("main").andThen(answered(part)).andThen(reached), true);
    }

    DashboardState(String part, String path, Consumer<Page> played, Consumer<Page> reached) {
        this(part, path, played, reached, false);
    }

    DashboardState(String part, String path, Consumer<Page> played, Consumer<Page> reached, boolean isView) {
        this.part = part;
        this.path = path;
        this.played = played;
        this.reached = reached;
        this.isView = isView;
    }

    /** Whether it is a view of the dashboard as it is, with nothing played: a page that shows another one can turn to it. */
    boolean isView() {
        return isView;
    }

    /** Opens it in a page that shows nothing yet. */
    void open(Page page, String app) {
        played.accept(page);
        page.navigate(app + path);
        reached.accept(page);
    }

    /** Turns to it from another view, as a link does. */
    void turnTo(Page page) {
        page.evaluate(
                "(hash) => { history.replaceState(null, '', hash); dispatchEvent(new HashChangeEvent('hashchange')); }",
                path.substring(1));
        reached.accept(page);
    }

    /** Looks at it; what is wrong with it. One state of each view is looked at in every theme and width, the others once in each. */
    List<String> faults(Page page) {
        return Looks.faults(page, name(), part, IN_ALL_WAYS.contains(this) ? Looks.Way.all() : Looks.Way.some());
    }

    private static Consumer<Page> answered(String part) {
        return page -> {
            assertThat(page.locator(part).first()).isVisible();
            assertThat(page.locator(part + " [aria-busy=true]")).hasCount(0);
        };
    }

    private static Consumer<Page> visible(String selector) {
        return page -> assertThat(page.locator(selector).first()).isVisible();
    }

    private static Consumer<Page> clicked(String selector) {
        return page -> page.locator(selector).click();
    }

    private static void goHome(Page page) {
        page.locator(".brand").click();
        assertThat(page.locator(".subjects")).hasCount(2);
    }

    private static void askForFacts(Page page) {
        page.locator(".panel.billable button").click();
        answered(Part.FACTS).accept(page);
        assertThat(page.locator(".panel.billable .failure")).hasText(new String[0]);
        assertThat(page.locator(".panel.billable").locator("table, .empty")).isVisible();
    }

    private static void download(Page page) {
        page.locator(".panel.audit [type=submit]").click();
        assertThat(page.locator(".panel.audit .failure")).isVisible();
    }
}
