package dev.tally.streams.http;

import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The dashboard's files, read once from the class path. What is not in the list does not exist, so no path leads to another resource. They
 * hold no data: whoever may not read usage sees an empty page.
 */
final class Pages {

    /** As {@code index.html} names the chart library's files, and as its WebJar does. */
    private static final String UPLOT = "1.6.30";

    private static final String OWN = "/dashboard/";
    private static final String UPLOT_FILES = "/META-INF/resources/webjars/uplot/" + UPLOT + "/dist/";

    /** Checked on each use, so that a page never runs with another release's scripts. */
    private static final String CHECKED = "no-cache";

    /** Its name has its version. */
    private static final String FOR_EVER = "public, max-age=31536000, immutable";

    /** Embedded in many pages of others. */
    private static final String MINUTES = "public, max-age=300";

    /**
     * Everything from here, nothing inline, nothing framed. Scripts may set custom properties of an element's style: that is no inline style
     * to CSP.
     */
    static final String CONTENT_SECURITY_POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
                    + " img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static final List<String> OWN_ASSETS = List.of(
            "api.js",
            "app.js",
            "badge-demo.css",
            "badge-demo.js",
            "charts.js",
            "counter.js",
            "dashboard.css",
            "dom.js",
            "format.js",
            "icon.svg",
            "live.js",
            "panel.js",
            "pool.js",
            "recent.js",
            "theme.js",
            "view-home.js",
            "view-subject.js",
            "view-system.js");

    private final Page index = own("index.html", CHECKED);
    private final Page badge = own("usage-badge.js", MINUTES);
    private final Page badgeDemo = own("badge-demo.html", CHECKED);
    private final Map<String, Page> assets = assets();

    /** A file. Its entity tag is a weak one, since the body may travel compressed. */
    private static final class Page {
        private final byte[] body;
        private final String contentType;
        private final String entityTag;
        private final String caching;

        Page(byte[] body, String contentType, String caching) {
            this.body = body;
            this.contentType = contentType;
            this.entityTag = "W/\"" + digest(body) + "\"";
            this.caching = caching;
        }

        private static String digest(byte[] body) {
            try {
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(body);
                return HexFormat.of().formatHex(digest, 0, 16);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java has SHA-256", e);
            }
        }

        void send(Context context) {
            context.header("Cache-Control", caching);
            context.header("ETag", entityTag);
            context.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
            String known = context.header("If-None-Match");
            if (known != null && (known.contains(entityTag) || known.strip().equals("*"))) {
                context.status(304);
            } else {
                context.contentType(contentType).result(body);
            }
        }
    }

    private static Map<String, Page> assets() {
        Map<String, Page> assets = new TreeMap<>();
        OWN_ASSETS.forEach(name -> assets.put(name, own(name, CHECKED)));
        assets.put("uplot-" + UPLOT + ".js", page(UPLOT_FILES + "uPlot.iife.min.js", FOR_EVER));
        assets.put("uplot-" + UPLOT + ".css", page(UPLOT_FILES + "uPlot.min.css", FOR_EVER));
        return assets;
    }

    private static Page own(String name, String caching) {
        return page(OWN + name, caching);
    }

    private static Page page(String resource, String caching) {
        try (InputStream in = Pages.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("no resource " + resource);
            }
            return new Page(in.readAllBytes(), contentType(resource), caching);
        } catch (IOException e) {
            throw new IllegalStateException("resource " + resource + " cannot be read", e);
        }
    }

    private static String contentType(String name) {
        String ending = name.substring(name.lastIndexOf('.') + 1);
        return switch (ending) {
            case "html" -> "text/html;charset=utf-8";
            case "css" -> "text/css;charset=utf-8";
            case "js" -> "text/javascript;charset=utf-8";
            case "svg" -> "image/svg+xml";
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** The dashboard for browsers; for everyone else what is served here, as text. */
    void index(Context context, String asText) {
        context.header("Vary", "Accept");
        String accept = context.header("Accept");
        if (accept != null && accept.toLowerCase(Locale.ROOT).contains("text/html")) {
            index.send(context);
        } else {
            context.contentType("text/plain;charset=utf-8").result(asText);
        }
    }

    void badgeDemo(Context context) {
        badgeDemo.send(context);
    }

    /** The badge is there for pages of others, also for those that ask for CORS (modules, integrity). */
    void badge(Context context) {
        context.header("Access-Control-Allow-Origin", "*");
        context.header("Cross-Origin-Resource-Policy", "cross-origin");
        badge.send(context);
    }

    void asset(Context context) {
        Page asset = assets.get(context.pathParam("file"));
        if (asset == null) {
            throw new Problem.Signal(Problem.notFound("no route " + context.path()));
        }
        asset.send(context);
    }
}
