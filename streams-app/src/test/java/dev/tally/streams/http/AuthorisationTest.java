package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tally.keys.Subject;
import dev.tally.streams.http.auth.Access;
import dev.tally.streams.http.auth.Scope;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who may ask what: each route by each kind of caller. */
final class AuthorisationTest {

    /**
     * Routes, as asked about the user u1 or the org o1, by tokens. {@code +}: the route answers. Otherwise the type of the problem: {@code t}
     * unauthenticated, {@code s} scope-missing, {@code o} other-subject. The first column is without any valid token.
     */
    private static final String TABLE = """
            route                                 | none | no scope | read | read u1 | read u2 | read o1 | read o2 | read u1 o1 | write | write u1 | write o1 | admin | admin u1 | admin o1
            GET /v1/users/{id}/usage              | t    | s        | +    | +       | o       | o       | o       | +          | s     | s        | s        | +     | +        | o
            GET /v1/users/{id}/usage/history      | t    | s        | +    | +       | o       | o       | o       | +          | s     | s        | s        | +     | +        | o
            GET /v1/users/{id}/usage/stream       | t    | s        | +    | +       | o       | o       | o       | +          | s     | s        | s        | +     | +        | o
            GET /v1/users/{id}/limits             | t    | s        | +    | +       | o       | o       | o       | +          | s     | s        | s        | +     | +        | o
            GET /v1/users/{id}/billing            | t    | s        | +    | +       | o       | o       | o       | +          | s     | s        | s        | +     | +        | o
            GET /v1/users/{id}/facts              | t    | s        | +    | +       | o       | o       | o       | +          | s     | s        | s        | +     | +        | o
            GET /v1/users/{id}/alerts             | t    | s        | +    | +       | o       | o       | o       | +          | s     | s        | s        | +     | +        | o
            GET /v1/users/{id}/actions            | t    | s        | +    | +       | o       | o       | o       | +          | s     | s        | s        | +     | +        | o
            GET /v1/orgs/{id}/usage               | t    | s        | +    | o       | o       | +       | o       | +          | s     | s        | s        | +     | o        | +
            GET /v1/orgs/{id}/usage/history       | t    | s        | +    | o       | o       | +       | o       | +          | s     | s        | s        | +     | o        | +
            GET /v1/orgs/{id}/usage/stream        | t    | s        | +    | o       | o       | +       | o       | +          | s     | s        | s        | +     | o        | +
            GET /v1/orgs/{id}/limits              | t    | s        | +    | o       | o       | +       | o       | +          | s     | s        | s        | +     | o        | +
            GET /v1/orgs/{id}/billing             | t    | s        | +    | o       | o       | +       | o       | +          | s     | s        | s        | +     | o        | +
            GET /v1/orgs/{id}/facts               | t    | s        | +    | o       | o       | +       | o       | +          | s     | s        | s        | +     | o        | +
            GET /v1/orgs/{id}/alerts              | t    | s        | +    | o       | o       | +       | o       | +          | s     | s        | s        | +     | o        | +
            GET /v1/orgs/{id}/actions             | t    | s        | +    | o       | o       | +       | o       | +          | s     | s        | s        | +     | o        | +
            GET /v1/orgs/{id}/breakdown           | t    | s        | +    | o       | o       | +       | o       | +          | s     | s        | s        | +     | o        | +
            GET /v1/subscriptions/{subject}       | t    | s        | +    | +       | o       | o       | o       | +          | s     | s        | s        | +     | +        | o
            POST /v1/stream-tickets               | t    | s        | +    | +       | o       | o       | o       | +          | s     | s        | s        | +     | +        | o
            POST /v1/admissions                   | t    | s        | s    | s       | s       | s       | s       | s          | +     | +        | o        | +     | +        | o
            GET /v1/admissions/{actionId}         | t    | s        | s    | s       | s       | s       | s       | s          | +     | +        | +        | +     | +        | +
            DELETE /v1/admissions/{actionId}      | t    | s        | s    | s       | s       | s       | s       | s          | +     | +        | +        | +     | +        | +
            PUT /v1/subscriptions/{subject}       | t    | s        | s    | s       | s       | s       | s       | s          | s     | s        | s        | +     | o        | o
            PUT /v1/orgs/{id}/settings            | t    | s        | s    | s       | s       | s       | s       | s          | s     | s        | s        | +     | o        | o
            PUT /v1/orgs/{id}/members/{user}      | t    | s        | s    | s       | s       | s       | s       | s          | s     | s        | s        | +     | o        | o
            POST /v1/users/{id}/grants            | t    | s        | s    | s       | s       | s       | s       | s          | s     | s        | s        | +     | o        | o
            POST /v1/orgs/{id}/grants             | t    | s        | s    | s       | s       | s       | s       | s          | s     | s        | s        | +     | o        | o
            GET /v1/watermarks                    | t    | s        | s    | s       | s       | s       | s       | s          | s     | s        | s        | +     | o        | o
            GET /v1/conservation                  | t    | s        | s    | s       | s       | s       | s       | s          | s     | s        | s        | +     | o        | o
            GET /metrics                          | t    | s        | s    | s       | s       | s       | s       | s          | s     | s        | s        | +     | o        | o
            POST /internal/v1/questions           | t    | t        | t    | t       | t       | t       | t       | t          | t     | t        | t        | t     | t        | t
            GET /internal/v1/changes/{id}         | t    | t        | t    | t       | t       | t       | t       | t          | t     | t        | t        | t     | t        | t
            POST /internal/v1/changes/{id}        | t    | t        | t    | t       | t       | t       | t       | t          | t     | t        | t        | t     | t        | t
            GET /health/live                      | +    | +        | +    | +       | +       | +       | +       | +          | +     | +        | +        | +     | +        | +
            GET /health/ready                     | +    | +        | +    | +       | +       | +       | +       | +          | +     | +        | +        | +     | +        | +
            GET /openapi.json                     | +    | +        | +    | +       | +       | +       | +       | +          | +     | +        | +        | +     | +        | +
            GET /assets/{file}                    | +    | +        | +    | +       | +       | +       | +       | +          | +     | +        | +        | +     | +        | +
            GET /usage-badge.js                   | +    | +        | +    | +       | +       | +       | +       | +          | +     | +        | +        | +     | +        | +
            GET /badge-demo.html                  | +    | +        | +    | +       | +       | +       | +       | +          | +     | +        | +        | +     | +        | +
            GET /                                 | +    | +        | +    | +       | +       | +       | +       | +          | +     | +        | +        | +     | +        | +
            """;

    private static final Map<String, String> PROBLEMS =
            Map.of("t", "unauthenticated", "s", "scope-missing", "o", "other-subject");

    private final ServedApi served = new ServedApi(Callers.jwt(0));

    @AfterEach
    void stop() {
        served.close();
    }

    private record Row(String method, String path, List<String> outcomes) {}

    @Test
    void shouldHaveARowForEachRoute() {
        assertThat(rows().stream().map(row -> row.method() + " " + row.path()))
                .containsExactlyInAnyOrderElementsOf(served.api().accesses().keySet());
    }

    @Test
    void shouldLetInWhoseTokenCoversTheCall() {
        List<String> tokens = tokens();
        for (Row row : rows()) {
            for (int i = 0; i < tokens.size(); i++) {
                String expected = row.outcomes().get(i + 1);
                HttpResponse<String> response = ask(row, tokens.get(i));
                assertThat(outcome(response))
                        .as("%s by column %s: %s", row, i + 1, response.body())
                        .isEqualTo(expected);
                assertThat(response.headers().firstValue("WWW-Authenticate").orElse(""))
                        .isEqualTo(
                                switch (expected) {
                                    case "s" ->
                                        "Bearer realm=\"tally\", error=\"insufficient_scope\", scope=\"" + scope(row)
                                                + "\"";
                                    case "t" -> "Bearer realm=\"tally\"";
                                    default -> "";
                                });
            }
        }
    }

    @Test
    void shouldLetInNobodyWithoutAValidToken() {
        Map<String, String> callers = Callers.withoutAValidToken();
        for (Row row : rows()) {
            String expected = row.outcomes().get(0);
            HttpResponse<String> nothing = ask(row, null);
            assertThat(outcome(nothing)).as(row.toString()).isEqualTo(expected);
            if (expected.equals("t")) {
                assertThat(nothing.headers().allValues("WWW-Authenticate")).containsExactly("Bearer realm=\"tally\"");
            }
            callers.forEach((name, authorization) -> {
                if (name.equals(Callers.ANOTHER_INSTANCE) && row.path().startsWith("/internal/")) {
                    return;
                }
                HttpResponse<String> response = ask(row, authorization);
                assertThat(outcome(response)).as("%s by %s", row, name).isEqualTo(expected);
                if (expected.equals("t")) {
                    assertThat(response.headers().firstValue("WWW-Authenticate").orElseThrow())
                            .as(name)
                            .isIn("Bearer realm=\"tally\"", "Bearer realm=\"tally\", error=\"invalid_token\"");
                    assertThat(response.body()).doesNotContain("eyJ");
                }
            });
        }
    }

    @Test
    void shouldLetOtherInstancesInWhereTheyAskEachOther() {
        for (Row row : rows()) {
            // The stream of changes would have no end.
            if (row.path().startsWith("/internal/") && row.method().equals("POST")) {
                assertThat(outcome(ask(row, Callers.instance())))
                        .as(row.toString())
                        .isEqualTo("+");
            }
        }
    }

    @Test
    void shouldTakeOneTokenOnly() {
        HttpResponse<String> response = served.ask(
                "GET",
                "/v1/users/u1/usage",
                null,
                "Authorization",
                Callers.with("admin"),
                "Authorization",
                Callers.with("usage:read", "user=u2"));

        assertThat(response.statusCode()).isEqualTo(401);
    }

    @Test
    void shouldAnswerTheSameForAnotherSubjectWhetherItExistsOrNot() {
        // Given
        served.counts.count(Subject.user("u2"), "actions", "2026-11-21", 42);
        String token = Callers.with("usage:read", "user=u1");

        // When
        HttpResponse<String> existing = served.ask("GET", "/v1/users/u2/usage", null, "Authorization", token);
        HttpResponse<String> none = served.ask("GET", "/v1/users/u3/usage", null, "Authorization", token);

        // Then
        assertThat(existing.statusCode()).isEqualTo(403);
        assertThat(existing.body()).isEqualTo(none.body()).doesNotContain("42");
    }

    @Test
    void shouldHoldIdsAgainstTheTokenAsTheRouteReadsThem() {
        String token = Callers.with("usage:read", "user=a/b %41");
        for (String own : List.of("/v1/users/a%2Fb%20%2541/usage", "/v1/users/%61%2fb%20%2541/usage")) {
            assertThat(served.ask("GET", own, null, "Authorization", token).statusCode())
                    .as(own)
                    .isEqualTo(200);
        }
        for (String other : List.of(
                "/v1/users/a%2Fb%20A/usage",
                "/v1/users/a/usage",
                "/v1/users/A%2Fb%20%2541/usage",
                "/v1/orgs/a%2Fb%20%2541/usage",
                "/v1/users/a%2Fb%20%2541%2F/usage")) {
            assertThat(served.ask("GET", other, null, "Authorization", token).statusCode())
                    .as(other)
                    .isEqualTo(403);
        }
        for (String trick : List.of(
                "/v1/users/x/../a%2Fb%20%2541/../u2/usage",
                "/v1/users/u2/usage;/../../a%2Fb%20%2541/usage",
                "/v1//users/u2/usage",
                "//v1/users/u2/usage",
                "/v1/%75sers/u2/usage",
                "/v1/users/u2;x=a%2Fb%20%2541/usage",
                "/./v1/users/u2/usage",
                "/v1/subscriptions/../users/u2/usage")) {
            HttpResponse<String> response = served.ask("GET", trick, null, "Authorization", token);
            assertThat(response.statusCode()).as(trick).isIn(400, 403, 404);
        }
    }

    @Test
    void shouldAskForNoTokenWhereAuthenticationIsOff() {
        try (ServedApi open = new ServedApi()) {
            assertThat(open.get("/v1/watermarks").statusCode()).isEqualTo(200);
            assertThat(open.get("/metrics").statusCode()).isEqualTo(200);
            assertThat(open.ask("GET", "/v1/users/u1/usage", null, "Authorization", "Bearer x")
                            .statusCode())
                    .isEqualTo(200);
        }
    }

    @Test
    void shouldDescribeWhatEachOperationAsksFor() {
        JsonNode paths = served.document().root().path("paths");
        served.api().operations().forEach(operation -> {
            String[] parts = operation.split(" ");
            JsonNode security =
                    paths.path(parts[1]).path(parts[0].toLowerCase(Locale.ROOT)).path("security");
            assertThat(security.toString())
                    .as(operation)
                    .isEqualTo(described(
                            Objects.requireNonNull(served.api().accesses().get(operation))));
        });
    }

    private static String described(Access access) {
        String bearer = access.scope()
                .map(Scope::text)
                .map(scope -> "{\"bearer\":[\"" + scope + "\"]}")
                .orElse("");
        return switch (access) {
            case OPEN -> "[]";
            case METRICS -> "[" + bearer + ",{}]";
            case STREAM -> "[" + bearer + ",{\"ticket\":[]}]";
            case READ, TICKET, ADMISSION, ADMIN -> "[" + bearer + "]";
            case INSTANCE -> "is not described";
        };
    }

    private String scope(Row row) {
        Access access = served.api().accesses().get(row.method() + " " + row.path());
        return access == null ? "" : access.scope().map(Scope::text).orElse("");
    }

    private static List<String> tokens() {
        List<String> tokens = new ArrayList<>();
        Map<String, String> scopes =
                Map.of("no scope", "other", "read", "usage:read", "write", "admission:write", "admin", "admin");
        for (String column : cells(TABLE.lines().findFirst().orElseThrow()).subList(2, 15)) {
            String scope = column.equals("no scope") ? column : column.split(" ")[0];
            String[] narrowing = Arrays.stream(column.split(" "))
                    .filter(part -> part.matches("[uo]\\d"))
                    .map(part -> (part.startsWith("u") ? "user=" : "org=") + part)
                    .toArray(String[]::new);
            tokens.add(Callers.with(scopes.getOrDefault(scope, ""), narrowing));
        }
        return tokens;
    }

    private static List<Row> rows() {
        return TABLE.lines()
                .skip(1)
                .map(AuthorisationTest::cells)
                .map(cells -> {
                    String[] route = cells.get(0).split(" ");
                    return new Row(route[0], route[1], cells.subList(1, cells.size()));
                })
                .toList();
    }

    private static List<String> cells(String line) {
        return Arrays.stream(line.split("\\|")).map(String::strip).toList();
    }

    private HttpResponse<String> ask(Row row, @Nullable String authorization) {
        String path = row.path()
                .replace("users/{id}", "users/u1")
                .replace("orgs/{id}", "orgs/o1")
                .replace("{file}", "app.js")
                // A stream that is let in has no end.
                .replace("/usage/stream", "/usage/stream?meter=none")
                .replace("changes/{id}", "changes/a")
                .replace("{subject}", "user:u1")
                .replace("{user}", "u1")
                .replace("{actionId}", "a1?payer=user:u1");
        String body = switch (row.method()) {
            case "GET", "DELETE" -> null;
            default ->
                switch (row.path()) {
                    case "/v1/admissions" -> "{'actionId':'a1','userId':'u1','actionType':'chat'}";
                    case "/v1/stream-tickets" -> "{'subject':'user:u1'}";
                    default -> "{}";
                };
        };
        return authorization == null
                ? served.ask(row.method(), path, body)
                : served.ask(row.method(), path, body, "Authorization", authorization);
    }

    private static String outcome(HttpResponse<String> response) {
        for (Map.Entry<String, String> problem : PROBLEMS.entrySet()) {
            if (response.body().startsWith("{\"type\":\"urn:tally:problem:" + problem.getValue() + "\"")) {
                assertThat(response.statusCode()).isEqualTo(problem.getKey().equals("t") ? 401 : 403);
                return problem.getKey();
            }
        }
        assertThat(response.statusCode()).isNotIn(401, 403);
        return "+";
    }
}
