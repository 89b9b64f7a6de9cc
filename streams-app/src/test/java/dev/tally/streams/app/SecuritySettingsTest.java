package dev.tally.streams.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.tally.settings.SettingsException;
import dev.tally.settings.SettingsLoader;
import dev.tally.streams.http.Security;
import dev.tally.streams.http.auth.InstanceCredentials;
import dev.tally.streams.http.auth.Issuer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecuritySettingsTest {

    private static final String SECRET = "0123456789abcdef0123456789abcdef";

    @TempDir
    Path folder;

    private final Map<String, String> jwt = new HashMap<>();

    @BeforeEach
    void aCompleteSetting() throws IOException {
        Path jwks = Files.writeString(folder.resolve("jwks.json"), Issuer.ONE.jwks());
        jwt.putAll(Map.of(
                "auth",
                "jwt",
                "auth.jwks",
                jwks.toString(),
                "auth.issuer",
                Issuer.NAME,
                "auth.audience",
                Issuer.AUDIENCE,
                "auth.instance.secret",
                SECRET,
                "http.host",
                "0.0.0.0"));
    }

    @Test
    void shouldTakeCallsUnderTheNameThatOthersKnow() {
        Map<String, String> open = Map.of("application.server", "tally-1:8081");

        assertThat(load(open).security(() -> Instant.EPOCH).ownNames()).hasValue(Set.of("tally-1"));
        jwt.putAll(open);
        assertThat(load(jwt).security(() -> Instant.EPOCH).ownNames()).isEmpty();
    }

    @Test
    void shouldServeAnyAddressWithTokens() {
        MeteringSettings settings = load(jwt);

        Security security = settings.security(() -> Instant.EPOCH);
        assertThat(security.tokens()).isPresent();
        assertThat(security.metricsOpen()).isFalse();
        assertThat(security.instances()).isInstanceOf(InstanceCredentials.Shared.class);
        assertThat(settings.catalogueWritable()).isTrue();
    }

    @Test
    void shouldListAllThatIsMissingForTokensAtOnce() {
        assertThat(problems(Map.of("auth", "jwt", "http.host", "0.0.0.0")))
                .hasSize(4)
                .anyMatch(problem -> problem.startsWith("auth.jwks is missing"))
                .anyMatch(problem -> problem.startsWith("auth.issuer is missing"))
                .anyMatch(problem -> problem.startsWith("auth.audience is missing"))
                .anyMatch(
                        problem -> problem.startsWith("auth.instance.secret or auth.instance.secret.file is missing"));
    }

    @Test
    void shouldNotStartWithKeysThatCannotBeUsed() throws IOException {
        assertThat(problemWith("auth.jwks", folder.resolve("none").toString())).contains("cannot be read");
        assertThat(problemWith(
                        "auth.jwks",
                        Files.writeString(folder.resolve("x"), "hidden").toString()))
                .contains("is not a JSON Web Key Set")
                .doesNotContain("hidden");
        assertThat(problemWith("auth.jwks", "http://issuer.example/keys")).contains("must be an https URL");
        // An address may be away for now.
        jwt.put("auth.jwks", "https://issuer.invalid/keys");
        assertThat(load(jwt).security(() -> Instant.EPOCH).tokens()).isPresent();
    }

    @Test
    void shouldTakeTheSecretOfInstancesFromAFile() throws IOException {
        Path file = Files.writeString(folder.resolve("secret"), SECRET + "\n");
        assertThat(problemWith("auth.instance.secret.file", file.toString())).contains("both set");
        jwt.remove("auth.instance.secret");
        jwt.put("auth.instance.secret.file", file.toString());

        InstanceCredentials fromFile = load(jwt).security(() -> Instant.EPOCH).instances();

        String token = String.valueOf(fromFile.headers().get("Authorization")).replaceFirst("Bearer ", "");
        assertThat(load(Map.of("auth.instance.secret", SECRET))
                        .security(() -> Instant.EPOCH)
                        .instances()
                        .accepts(token))
                .isTrue();
        assertThat(problemWith(
                        "auth.instance.secret.file", folder.resolve("none").toString()))
                .contains("cannot be read");
        jwt.remove("auth.instance.secret.file");
        assertThat(problemWith("auth.instance.secret", "hidden"))
                .contains("at least 32 characters")
                .doesNotContain("hidden");
    }

    @Test
    void shouldAnswerInstancesWithoutASecretOnLoopbackOnly() {
        assertThat(load(Map.of()).security(() -> Instant.EPOCH).instances())
                .isInstanceOf(InstanceCredentials.NotNeeded.class);
        assertThat(load(Map.of("auth", "behind-proxy", "http.host", "0.0.0.0"))
                        .security(() -> Instant.EPOCH)
                        .instances())
                .isInstanceOf(InstanceCredentials.Missing.class);
    }

    @Test
    void shouldNotStartWhereSettingsOfTokensWouldDoNothing() {
        assertThat(problems(Map.of("auth.issuer", "x", "http.rate.limit", "10")))
                .hasSize(2)
                .allMatch(problem -> problem.endsWith("auth is none"));
    }

    @Test
    void shouldTakeExactOriginsOnly() {
        assertThat(load(Map.of("http.cors.origins", "https://app.example, http://localhost:3000,https://[::1]:8443"))
                        .security(() -> Instant.EPOCH)
                        .corsOrigins())
                .containsExactlyInAnyOrder("https://app.example", "http://localhost:3000", "https://[::1]:8443");
        for (String origin :
                List.of("*", "https://*.example", "https://app.example/", "app.example", "null", "https://A.example")) {
            assertThat(problems(Map.of("http.cors.origins", origin))).as(origin).hasSize(1);
        }
    }

    @Test
    void shouldNotStartWithHalfAPairForTls() {
        assertThat(problems(Map.of("http.tls.certificate", "c.pem")))
                .containsExactly("http.tls.certificate and http.tls.key go together; http.tls.key is missing");
        assertThat(problems(Map.of("http.tls.certificate", "c.pem", "http.tls.key", "k.pem")))
                .containsExactly("http.tls.certificate and http.tls.key: c.pem does not exist");
    }

    private String problemWith(String key, String value) {
        Map<String, String> given = new HashMap<>(jwt);
        given.put(key, value);
        return String.join("\n", problems(given));
    }

    private static MeteringSettings load(Map<String, String> given) {
        return new MeteringSettings(SettingsLoader.load(MeteringSettings.define(), Map.of(), Map.of(), given));
    }

    private static List<String> problems(Map<String, String> given) {
        return catchThrowableOfType(SettingsException.class, () -> load(given)).problems();
    }
}
