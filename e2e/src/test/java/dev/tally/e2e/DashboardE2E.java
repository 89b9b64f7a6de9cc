package dev.tally.e2e;

import com.microsoft.playwright.assertions.PlaywrightAssertions;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.TestClassOrder;
import org.junit.jupiter.api.TestInstance;

/** Dashboard and badge in a real browser, against the real system at a fixed time; all tests share one stack and one browser. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestClassOrder(ClassOrderer.OrderAnnotation.class)
class DashboardE2E {

    private @Nullable DashboardSite started;

    @BeforeAll
    void start() {
        Path chromium = Chromium.installed().orElse(null);
        Assumptions.assumeTrue(chromium != null, "no Chromium is installed (apt-get install chromium)");
        PlaywrightAssertions.setDefaultAssertionTimeout(BrowserWindow.PATIENCE_MILLIS);
        started = new DashboardSite(Objects.requireNonNull(chromium));
    }

    @AfterAll
    void stop() {
        if (started != null) {
            started.close();
        }
    }

    private DashboardSite site() {
        return Objects.requireNonNull(started);
    }

    @Nested
    @Order(1)
    class Behaviour extends DashboardBehaviour {
        Behaviour() {
            super(site());
        }
    }

    @Nested
    @Order(2)
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    class Look extends DashboardLooks {
        Look() {
            super(site());
        }
    }

    /** Last, since the process is killed. */
    @Nested
    @Order(3)
    class Outage extends DashboardOutage {
        Outage() {
            super(site());
        }
    }
}
