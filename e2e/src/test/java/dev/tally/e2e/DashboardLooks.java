package dev.tally.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How dashboard and badge look in each named state: pictures are kept, axe has no complaint, nothing is wider than the window. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class DashboardLooks {

    private final DashboardSite site;
    private final BrowserWindow window;
    /** Turns from view to view, as whoever uses it does. */
    private final Page views;

    DashboardLooks(DashboardSite site) {
        this.site = site;
        this.window = site.newWindow();
        this.views = window.newPage();
        views.navigate(site.app() + "/#/");
    }

    @AfterAll
    void close() {
        window.close();
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource
    void shouldLookRight(DashboardState state) {
        assertThat(state.isView() ? turned(state) : opened(state)).isEmpty();
        window.requireNoComplaints();
    }

    private List<String> turned(DashboardState state) {
        state.turnTo(views);
        return state.faults(views);
    }

    private List<String> opened(DashboardState state) {
        try (Page page = window.newPage()) {
            state.open(page, site.app());
            return state.faults(page);
        }
    }
}
