package dev.tally.streams.http.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyOperation;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.OctetSequenceKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.sun.net.httpserver.HttpServer;
import dev.tally.streams.http.auth.SigningKeys.Lookup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SigningKeysTest {

    private Instant now = Instant.parse("2026-11-21T12:00:00Z");
    private String published = Issuer.ONE.jwks();
    private boolean away;
    private int reads;
    private Runnable meanwhile = () -> {};
    private final SigningKeys keys = new SigningKeys(this::read, () -> now, Runnable::run);

    private String read() throws IOException {
        reads++;
        meanwhile.run();
        if (away) {
            throw new IOException("away");
        }
        return published;
    }

    @Test
    void shouldReadTheKeysOnceForManyTokens() {
        for (int i = 0; i < 10; i++) {
            known("rsa");
        }
        assertThat(reads).isEqualTo(1);
    }

    @Test
    void shouldHaveNoAnswerUntilTheKeysHaveBeenRead() {
        away = true;

        assertThat(lookup("rsa")).isEqualTo(new Lookup.Away(SigningKeys.TRY_EVERY));
        assertThat(lookup("rsa")).isInstanceOf(Lookup.Away.class);
        assertThat(reads).as("tried once in a while, not for each call").isEqualTo(1);
        away = false;
        now = now.plus(SigningKeys.TRY_EVERY);
        known("rsa");
    }

    @Test
    void shouldLetCallsOfOneMomentWaitForWhatOneOfThemReads() {
        // Given keys that nobody has asked for in a while
        known("rsa");
        now = now.plus(SigningKeys.TRUSTED_FOR).plusSeconds(1);

        // When one call has them read, and another comes meanwhile
        CompletableFuture<Lookup> found = new CompletableFuture<>();
        Thread other = Thread.ofPlatform().unstarted(() -> found.complete(lookup("rsa")));
        meanwhile = () -> {
            other.start();
            Awaitility.await()
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> other.getState() == Thread.State.TIMED_WAITING || found.isDone());
        };
        known("rsa");

        // Then
        assertThat(found.join()).isInstanceOf(Lookup.Candidates.class);
        assertThat(reads).isEqualTo(2);
    }

    @Test
    void shouldReadAgainForAKeyItDoesNotKnowButNotForEach() {
        known("rsa");
        now = now.plus(SigningKeys.UNKNOWN_EVERY);
        published = new JWKSet(List.<JWK>of(
                        new RSAKey.Builder(Issuer.IMPOSTOR.rsa).keyID("new").build()))
                .toString();

        known("new");
        assertThat(reads).isEqualTo(2);
        assertThat(lookup("rsa")).as("is published no more").isInstanceOf(Lookup.Unknown.class);
        for (int i = 0; i < 10; i++) {
            assertThat(lookup("made up " + i)).isInstanceOf(Lookup.Unknown.class);
        }
        assertThat(reads).isEqualTo(2);
    }

    @Test
    void shouldForgetAKeyThatIsPublishedNoMore() {
        known("rsa");
        published = new JWKSet(Issuer.ONE.ec).toString();
        now = now.plus(SigningKeys.REFRESH_EVERY).plusSeconds(1);

        known("rsa");

        assertThat(reads).as("read again while the old ones are used").isEqualTo(2);
        assertThat(lookup("rsa")).isInstanceOf(Lookup.Unknown.class);
    }

    @Test
    void shouldTakeNoKeyThatWasTakenOutWhileNobodyCalled() {
        known("rsa");
        published = new JWKSet(Issuer.ONE.ec).toString();
        now = now.plus(SigningKeys.TRUSTED_FOR).plusSeconds(1);

        assertThat(lookup("rsa")).isInstanceOf(Lookup.Unknown.class);
    }

    @Test
    void shouldNotWaitForKeysThatAreKnownToBeAway() {
        known("rsa");
        away = true;
        now = now.plus(SigningKeys.TRUSTED_FOR).plusSeconds(1);
        known("rsa");
        assertThat(reads).as("read before the keys were used").isEqualTo(2);
        now = now.plus(SigningKeys.UNKNOWN_EVERY);
        known("rsa");
        assertThat(reads).as("read while they are used").isEqualTo(3);
        known("rsa");
        assertThat(reads).isEqualTo(3);
    }

    @Test
    void shouldUseTheLastKeysForADayWhileTheyCannotBeRead() {
        known("rsa");
        away = true;
        now = now.plus(SigningKeys.KEPT_AT_MOST);
        known("rsa");
        published = "{}";
        away = false;
        known("rsa");
        now = now.plusSeconds(1);

        assertThat(lookup("rsa")).isInstanceOf(Lookup.Away.class);
    }

    @Test
    void shouldTakeOnlyKeysThatFit() throws JOSEException {
        published = new JWKSet(List.of(
                        new RSAKeyGenerator(1024, true).keyID("short").generate(),
                        new ECKeyGenerator(Curve.P_384).keyID("p384").generate(),
                        new OctetSequenceKeyGenerator(256).keyID("secret").generate(),
                        new RSAKey.Builder(Issuer.ONE.rsa)
                                .keyID("enc")
                                .keyUse(KeyUse.ENCRYPTION)
                                .build(),
                        new RSAKey.Builder(Issuer.ONE.rsa)
                                .keyID("ps")
                                .algorithm(JWSAlgorithm.PS256)
                                .build(),
                        new RSAKey.Builder(Issuer.ONE.rsa.toPublicJWK())
                                .keyID("ops")
                                .keyOperations(Set.of(KeyOperation.ENCRYPT))
                                .build(),
                        new RSAKey.Builder(Issuer.ONE.rsa)
                                .keyID("good")
                                .keyUse(KeyUse.SIGNATURE)
                                .build()))
                .toString(false);

        known("good");
        for (String unfit : List.of("short", "p384", "secret", "enc", "ps", "ops")) {
            for (JWSAlgorithm algorithm : List.of(JWSAlgorithm.RS256, JWSAlgorithm.ES256, JWSAlgorithm.EdDSA)) {
                assertThat(keys.lookup(header(algorithm, unfit))).as(unfit).isInstanceOf(Lookup.Unknown.class);
            }
        }
    }

    @Test
    void shouldReadKeysFromAFileAndFromAnAddress(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("keys.json"), Issuer.ONE.jwks());
        assertThat(KeySource.of(file.toString()).read()).isEqualTo(Issuer.ONE.jwks());
        assertThat(SigningKeys.problem(KeySource.of(file.toString()))).isEmpty();
        assertThat(SigningKeys.problem(KeySource.of(folder.resolve("none").toString())))
                .hasValue("cannot be read");
        Files.writeString(file, "secret");
        assertThat(SigningKeys.problem(KeySource.of(file.toString()))).hasValue("is not a JSON Web Key Set");

        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        try {
            serve(server, "/keys", 200, Issuer.ONE.jwks());
            serve(server, "/moved", 302, "");
            serve(server, "/large", 200, " ".repeat(KeySource.MAX_BYTES + 1));
            server.start();
            String base = "http://127.0.0.1:" + server.getAddress().getPort();
            assertThat(KeySource.of(base + "/keys").read()).isEqualTo(Issuer.ONE.jwks());
            assertThatIOException()
                    .isThrownBy(KeySource.of(base + "/moved?key=hidden")::read)
                    .withMessage("the answer is a 302");
            assertThatIOException().isThrownBy(KeySource.of(base + "/large")::read);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void shouldTrustNoAddressThatOthersCanSpeakFor() {
        for (String address : List.of(
                "http://issuer.example/keys",
                "https://user:hidden@issuer.example/",
                "https:///keys",
                "https://a b/",
                "HTTP://x/")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> KeySource.of(address))
                    .withMessageNotContaining("issuer")
                    .withMessageNotContaining("hidden");
        }
        assertThat(KeySource.of("https://issuer.example/keys")).isInstanceOf(KeySource.Url.class);
    }

    private static void serve(HttpServer server, String path, int status, String body) {
        server.createContext(path, exchange -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Location", "/keys");
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
    }

    private void known(String key) {
        assertThat(lookup(key)).isInstanceOf(Lookup.Candidates.class);
    }

    private Lookup lookup(String key) {
        return keys.lookup(header(JWSAlgorithm.RS256, key));
    }

    private static JWSHeader header(JWSAlgorithm algorithm, String key) {
        return new JWSHeader.Builder(algorithm).keyID(key).build();
    }
}
