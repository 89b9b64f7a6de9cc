package dev.tally.e2e;

import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;

/** What is hard to bring about is played by the network between browser and server: answers are held back, changed or made up there. */
final class Played {

    private Played() {}

    /** Without a stream a page asks, and answers can be changed on their way; a stream cannot. */
    private static void withoutStream(Page page) {
        page.route(
                "**/openapi.json",
                route -> route.fulfill(new Route.FulfillOptions()
                        .setContentType("application/json")
                        .setBody(route.fetch().text().replace("/usage/stream", "/usage/none"))));
    }

    /** No answer comes. */
    static void heldBack(Page page) {
        withoutStream(page);
        page.route("**/{v1,health}/**", route -> {});
    }

    /** All that is answered may be behind. */
    static void stale(Page page) {
        withoutStream(page);
        page.route("**/v1/**", route -> {
            APIResponse response = route.fetch();
            route.fulfill(new Route.FulfillOptions()
                    .setResponse(response)
                    .setBody(response.text().replace("\"stale\":false", "\"stale\":true")));
        });
        page.route("**/usage/stream*", route -> answer(route, 503, "partition 3 is moving to another instance"));
    }

    static void notReady(Page page) {
        withoutStream(page);
        page.route("**/{v1,health}/**", route -> answer(route, 503, "partition 3 is moving to another instance"));
    }

    static void alertsNotReady(Page page) {
        page.route(
                "**/alerts?*", route -> answer(route, 503, "the log is being read for other such requests; ask again"));
    }

    /** Who has no token is refused. */
    static void unauthenticated(Page page) {
        withoutStream(page);
        page.route("**/v1/**", Played::refuse);
    }

    /** A signed-in caller asks for days whose log is gone. */
    static void auditGone(Page page) {
        withoutStream(page);
        page.addInitScript("sessionStorage.setItem('tally.token', 'x')");
        page.route(
                "**/actions?*",
                route -> answer(route, 410, "the log before 2026-11-20T00:00:00Z is no longer kept as a whole"));
    }

    /** Alerts of every kind and severity. */
    static void everyAlert(Page page) {
        String alerts = String.join(
                ",",
                alert("ANOMALY", "WARNING", "SPACE", "design", "credits", "null", 900, 60, false),
                alert("SILENCE", "INFO", "ORG", "demo-team", "actions", "null", 3, 240, false),
                alert("RECOVERED", "INFO", "ORG", "demo-team", "credits", "100", 8_000, 14_000, false),
                alert("EXCEEDED", "CRITICAL", "ORG", "demo-team", "credits", "100", 14_020, 14_000, true),
                alert("REACHED", "CRITICAL", "MEMBER", "demo-m1", "actions", "100", 500, 500, false),
                alert("POOL_LOW", "WARNING", "ORG", "demo-team", "credits", "20", 11_200, 14_000, false),
                alert("WARNING", "WARNING", "MEMBER", "demo-m1", "actions", "80", 400, 500, false));
        page.route("**/alerts?*", route -> json(route, alerts(alerts)));
    }

    /** Of what producers and plans name as they like, and of a kind that the page does not know. */
    static void hostileAlerts(Page page) {
        String markup = DashboardSite.MARKUP.replace("\"", "\\\"");
        page.route(
                "**/alerts?*",
                route -> json(
                        route,
                        alerts(alert("ANOMALY", "WARNING", "SPACE", markup, markup, "null", 900, 60, false) + ","
                                + alert(markup, "WARNING", "MEMBER", "", "actions", "null", 900, 60, false))));
    }

    private static String alerts(String alerts) {
        return """
                {"subject": "org:demo-team", "since": "2026-11-14T15:04:05Z", "more": true, "alerts": [%s]}""".formatted(alerts);
    }

    private static String alert(
            String kind,
            String severity,
            String scope,
            String scopeId,
            String meter,
            String threshold,
            long used,
            long limit,
            boolean late) {
        return """
                {"alertId": "a", "kind": "%s", "severity": "%s", "subject": "org:demo-team", "scope": "%s", "scopeId": "%s", "meter": "%s",
                 "windowStart": "2026-11-21T15:00:00Z", "windowEnd": "2026-11-21T15:10:00Z", "threshold": %s, "epoch": 0,
                 "limit": %d, "used": %d, "resetsAt": null, "planId": null, "cause": "e-1", "late": %b, "at": "2026-11-21T15:10:00Z"}""".formatted(kind, severity, scope, scopeId, meter, threshold, limit, used, late);
    }

    /** An intake that has read nothing yet. */
    static void nothingRead(Page page) {
        page.route("**/v1/conservation", route -> json(route, "{\"partitions\": []}"));
        page.route("**/v1/watermarks", route -> json(route, "{\"latenessHorizon\": \"72h\", \"partitions\": []}"));
    }

    /** An intake that has much to catch up with, on an instance that is not ready. */
    static void behind(Page page) {
        page.route("**/health/ready", route -> answer(route, 503, "partitions are restored"));
        page.route("**/v1/conservation", route -> json(route, """
                {"partitions": [
                  {"partition": 0, "read": 1204331, "counted": 1101200, "readOnly": 300, "duplicate": 90211, "late": 411, "deadLettered": 7,
                   "deadLetters": {"undecodable": 7}},
                  {"partition": 1, "read": 0, "counted": 0, "readOnly": 0, "duplicate": 0, "late": 0, "deadLettered": 0, "deadLetters": {}}]}"""));
        page.route("**/v1/watermarks", route -> json(route, """
                {"latenessHorizon": "72h", "partitions": [{"partition": 0, "watermark": "2026-11-17T03:12:00Z"}, {"partition": 1, "watermark": null}]}"""));
    }

    static void refuse(Route route) {
        answer(route, 401, "there is no bearer token");
    }

    private static void answer(Route route, int status, String detail) {
        route.fulfill(new Route.FulfillOptions()
                .setStatus(status)
                .setContentType("application/problem+json")
                .setBody("""
                        {"type": "urn:tally:problem:x", "title": "x", "status": %d, "detail": "%s"}""".formatted(status, detail)));
    }

    private static void json(Route route, String body) {
        route.fulfill(
                new Route.FulfillOptions().setContentType("application/json").setBody(body));
    }
}
