package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PagesTest {

    private static final String BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8";
    private static final int LARGEST_BADGE = 10_240;

    /** What a page loads: its scripts, styles and pictures, and what modules import. */
    private static final Pattern LOADED =
            Pattern.compile("(?:(?:href|src)=\"(/(?:assets/|usage-badge)[^\"]*)\")|(?: from '\\./([^']+)';)");

    private final ServedApi served = new ServedApi();

    @AfterEach
    void stop() {
        served.close();
    }

    @Test
    void shouldShowBrowsersTheDashboardAndOthersTheList() {
        // When
        HttpResponse<String> page = served.get("/", "Accept", BROWSER);
        HttpResponse<String> list = served.get("/", "Accept", "*/*");

        // Then
        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Type")).hasValue("text/html;charset=utf-8");
        assertThat(page.headers().firstValue("Vary").orElse("")).contains("Accept");
        assertThat(page.body()).startsWith("<!doctype html>");
        assertThat(list.headers().firstValue("Content-Type")).hasValue("text/plain;charset=utf-8");
        assertThat(list.body()).contains("/openapi.json");
    }

    @Test
    void shouldServeWhateverThePagesLoad() {
        // When
        Set<String> loaded = loaded("/", "/badge-demo.html");

        // Then
        assertThat(loaded)
                .contains("/assets/app.js", "/assets/view-subject.js", "/assets/dashboard.css", "/usage-badge.js")
                .anyMatch(path -> path.startsWith("/assets/uplot-") && path.endsWith(".js"));
    }

    private Set<String> loaded(String... pages) {
        Set<String> seen = new LinkedHashSet<>();
        Deque<String> open = new ArrayDeque<>(List.of(pages));
        while (!open.isEmpty()) {
            String path = open.pop();
            HttpResponse<String> response = served.get(path, "Accept", BROWSER);
            assertThat(response.statusCode()).as(path).isEqualTo(200);
            Matcher found = LOADED.matcher(response.body());
            while (found.find()) {
                String next = found.group(1) != null ? found.group(1) : "/assets/" + found.group(2);
                if (seen.add(next)) {
                    open.push(next);
                }
            }
        }
        return seen;
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/badge-demo.html"})
    void shouldServePagesThatRunNothingInline(String path) {
        // When
        HttpResponse<String> page = served.get(path, "Accept", BROWSER);

        // Then
        assertThat(page.headers().firstValue("Content-Security-Policy"))
                .hasValueSatisfying(policy -> assertThat(policy)
                        .contains(
                                "default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'")
                        .doesNotContain("unsafe", "*"));
        assertThat(page.body())
                .doesNotContainPattern("<script(?![^>]*\\ssrc=)")
                .doesNotContainPattern("<style|\\sstyle=|\\son[a-z]+=|javascript:");
    }

    @Test
    void shouldNotSendAgainWhatABrowserHas() {
        // Given
        HttpResponse<String> first = served.get("/assets/app.js", "Accept", "*/*");
        String tag = first.headers().firstValue("ETag").orElseThrow();

        // When
        HttpResponse<String> same = served.get("/assets/app.js", "If-None-Match", tag);
        HttpResponse<String> other = served.get("/assets/app.js", "If-None-Match", "W/\"0\"");

        // Then
        assertThat(first.headers().firstValue("Cache-Control")).hasValue("no-cache");
        assertThat(same.statusCode()).isEqualTo(304);
        assertThat(same.body()).isEmpty();
        assertThat(other.statusCode()).isEqualTo(200);
    }

    @Test
    void shouldLetBrowsersKeepTheChartLibrary() {
        // When
        Stream<String> library = loaded("/").stream().filter(path -> path.startsWith("/assets/uplot-"));

        // Then
        assertThat(library)
                .hasSize(2)
                .allSatisfy(path -> assertThat(
                                served.get(path, "Accept", "*/*").headers().firstValue("Cache-Control"))
                        .hasValueSatisfying(caching -> assertThat(caching).contains("immutable")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/assets/none.js",
                "/assets/index.html",
                "/assets/..%2F..%2Fopenapi.json",
                "/assets/%2e%2e%2flogback.xml",
                "/dashboard/app.js",
                "/META-INF/MANIFEST.MF"
            })
    void shouldServeNoOtherFile(String path) {
        // When
        HttpResponse<String> response = served.get(path);

        // Then
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        assertThat(response.headers().firstValue("Content-Security-Policy"))
                .hasValue("default-src 'none'; frame-ancestors 'none'");
    }

    @Test
    void shouldAnswerHeadLikeGetWithoutABody() {
        // When
        HttpResponse<String> response = served.head("/assets/dashboard.css");

        // Then
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("text/css;charset=utf-8");
        assertThat(response.headers().firstValue("ETag")).isPresent();
        assertThat(response.body()).isEmpty();
    }

    @Test
    void shouldKeepTheBadgeSmallAndOpenToOtherPages() {
        // When
        HttpResponse<String> badge = served.get("/usage-badge.js", "Accept", "*/*");

        // Then
        assertThat(badge.body().getBytes(StandardCharsets.UTF_8)).hasSizeLessThan(LARGEST_BADGE);
        assertThat(badge.headers().firstValue("Access-Control-Allow-Origin")).hasValue("*");
        assertThat(badge.headers().firstValue("Cross-Origin-Resource-Policy")).hasValue("cross-origin");
    }

    @Test
    void shouldNeverWriteMarkup() {
        // When
        Stream<String> scripts = loaded("/", "/badge-demo.html").stream()
                .filter(path -> path.endsWith(".js") && !path.contains("uplot"));

        // Then
        assertThat(scripts)
                .hasSizeGreaterThan(10)
                .allSatisfy(path -> assertThat(served.get(path, "Accept", "*/*").body())
                        .doesNotContain("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("));
    }
}
