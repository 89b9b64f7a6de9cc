package dev.tally.e2e;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The dashboard while the process that it shows is away. */
abstract class DashboardOutage {

    private static final double BACK_WITHIN_MILLIS = 60_000;

    private final DashboardSite site;

    DashboardOutage(DashboardSite site) {
        this.site = site;
    }

    @Test
    void shouldComeBackAfterACrash() {
        try (BrowserWindow window = site.newWindow()) {
            // Given
            Page page = window.newPage();
            page.navigate(site.app() + DashboardSite.user("demo-pro"));
            assertThat(page.locator(".count")).hasText(Pattern.compile("\\d+ / 500 actions today"));
            assertThat(page.locator("main [aria-busy=true]")).hasCount(0);
            long used = Long.parseLong(page.locator(".count .used").textContent());
            page.evaluate("window.opened = 1");

            // When
            site.stack().kill9("streams-app");

            // Then
            assertThat(page.locator(".counter .link")).containsText("Reconnecting");
            List<String> faults = Looks.faults(page, "USER_RECONNECTING", "", Looks.Way.some());
            assertThat(page.locator(".counter .link"))
                    .hasText(
                            Pattern.compile("Live|Updated every 2 s"),
                            new LocatorAssertions.HasTextOptions().setTimeout(BACK_WITHIN_MILLIS));

            // When
            Timeline.await(() -> site.wire().conservation("read"));
            site.publish("demo-pro", 100, "c");

            // Then
            assertThat(page.locator(".count")).hasText(used + 100 + " / 500 actions today");
            assertThat(page.evaluate("window.opened")).isEqualTo(1);
            assertThat(faults).isEmpty();
            window.requireNoComplaints();
        }
    }
}
