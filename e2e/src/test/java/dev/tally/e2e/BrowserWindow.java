package dev.tally.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ReducedMotion;
import java.util.ArrayList;
import java.util.List;

/** A browser's window at the site's time, which remembers what its pages must never do: throw, ask, or break the content policy. */
final class BrowserWindow implements AutoCloseable {

    static final double PATIENCE_MILLIS = 20_000;

    private final BrowserContext context;
    private final List<String> complaints = new ArrayList<>();

    BrowserWindow(Chromium chromium) {
        context = chromium.browser().newContext();
        context.setDefaultTimeout(PATIENCE_MILLIS);
    }

    Page newPage() {
        Page page = context.newPage();
        page.clock().setFixedTime(DashboardSite.NOW.toEpochMilli());
        page.emulateMedia(new Page.EmulateMediaOptions().setReducedMotion(ReducedMotion.REDUCE));
        page.onPageError(complaints::add);
        page.onConsoleMessage(message -> {
            if (message.text().contains("Content Security Policy")) {
                complaints.add(message.text());
            }
        });
        page.onDialog(dialog -> {
            complaints.add("a dialog: " + dialog.message());
            dialog.dismiss();
        });
        return page;
    }

    void requireNoComplaints() {
        assertThat(complaints).isEmpty();
    }

    @Override
    public void close() {
        context.close();
    }
}
