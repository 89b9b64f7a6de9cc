package dev.tally.e2e;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.BoundingBox;
import com.microsoft.playwright.options.ColorScheme;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Takes pictures of pages, kept in {@code e2e/target/screenshots}, and says what is wrong with what is in them. */
final class Looks {

    private static final Path PICTURES = Tally.ROOT.resolve("e2e/target/screenshots");
    private static final String AXE = axe();

    /** Done when what has changed is painted. */
    private static final String PAINTED =
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))";

    private static final String FAULTS = """
            async ({part, withAxe}) => [
              ...(document.documentElement.scrollWidth > innerWidth ? ['wider than the window'] : []),
              ...(withAxe ? await axe.run(part || document, {resultTypes: ['violations'], preload: false}).then(({violations}) =>
                violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')}`))) : []),
            ]""";

    /** A theme and a width. Axe takes its time: each theme and each width once is enough of it. */
    enum Way {
        LIGHT_1280(ColorScheme.LIGHT, 1280, 800, true),
        DARK_1280(ColorScheme.DARK, 1280, 800, false),
        DARK_390(ColorScheme.DARK, 390, 844, true),
        LIGHT_390(ColorScheme.LIGHT, 390, 844, false);

        private final ColorScheme scheme;
        private final int width;
        private final int height;
        private final boolean withAxe;

        Way(ColorScheme scheme, int width, int height, boolean withAxe) {
            this.scheme = scheme;
            this.width = width;
            this.height = height;
            this.withAxe = withAxe;
        }

        /** Every theme and width. */
        static List<Way> all() {
            return List.of(values());
        }

        /** Each theme and each width once. */
        static List<Way> some() {
            return Arrays.stream(values()).filter(way -> way.withAxe).toList();
        }
    }

    private Looks() {}

    private static String axe() {
        try (InputStream in = Objects.requireNonNull(Looks.class.getResourceAsStream("/axe.min.js"), "axe")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Looks at a page.
     *
     * @param name what the pictures are called
     * @param part selects what is looked at; empty for all of the page
     */
    static List<String> faults(Page page, String name, String part, Collection<Way> ways) {
        if (page.evaluate("typeof axe").equals("undefined")) {
            page.evaluate(AXE);
        }
        List<String> faults = new ArrayList<>();
        for (Way way : ways) {
            page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(way.scheme));
            page.setViewportSize(way.width, way.height);
            page.evaluate(PAINTED);
            String called = (name + "-" + way).toLowerCase(Locale.ROOT).replace('_', '-');
            take(page, part, PICTURES.resolve(called + ".png"));
            Object found = page.evaluate(FAULTS, Map.of("part", part, "withAxe", way.withAxe));
            ((List<?>) found).forEach(fault -> faults.add(called + ": " + fault));
        }
        return faults;
    }

    private static void take(Page page, String part, Path to) {
        Page.ScreenshotOptions options =
                new Page.ScreenshotOptions().setPath(to).setFullPage(true);
        if (!part.isEmpty()) {
            // Cut out of the whole page: what is scrolled to lies under the bar at the top.
            page.evaluate("scrollTo(0, 0)");
            BoundingBox box = page.locator(part).boundingBox();
            options.setClip(box.x, box.y, box.width, box.height);
        }
        page.screenshot(options);
    }
}
