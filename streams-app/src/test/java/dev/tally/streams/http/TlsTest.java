package dev.tally.streams.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.tally.streams.http.tls.ServedTls;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TlsTest {

    private static final Instant CENTURY = Instant.parse("2100-01-01T00:00:00Z");

    @TempDir
    Path folder;

    @Test
    void shouldServeWhatIsInItsFilesAlsoWhenTheyChange() throws Exception {
        KeyPair ec = pair("EC", 256);
        write("c.pem", certificate(ec, "SHA256withECDSA", 1));
        write("k.pem", key(ec));
        ServedTls tls = new ServedTls(folder.resolve("c.pem"), folder.resolve("k.pem"));
        try (ServedApi served = new ServedApi(with(tls))) {
            int port = served.api().port();
            Served first = get(port, "TLSv1.3");
            assertThat(first.serial).isEqualTo(1);
            assertThat(first.answer).startsWith("HTTP/1.1 200").contains("Strict-Transport-Security: max-age=31536000");
            assertThat(get(port, "TLSv1.2").serial).isEqualTo(1);

            // One file before the other: the pair does not fit, so nothing changes yet.
            KeyPair rsa = pair("RSA", 2048);
            write("c.pem", certificate(rsa, "SHA256withRSA", 2) + certificate(ec, "SHA256withECDSA", 1));
            tls.look();
            assertThat(tls.isCurrent()).isFalse();
            assertThat(get(port, "TLSv1.3").serial).isEqualTo(1);

            write("k.pem", key(rsa));
            tls.look();
            assertThat(tls.isCurrent()).isTrue();
            assertThat(get(port, "TLSv1.3").serial).isEqualTo(2);
            assertThat(tls.notAfter()).isEqualTo(CENTURY.plusSeconds(2));

            Files.delete(folder.resolve("k.pem"));
            write("c.pem", "rubbish");
            tls.look();
            assertThat(tls.isCurrent()).isFalse();
            assertThat(get(port, "TLSv1.3").serial).isEqualTo(2);
        }
    }

    @Test
    void shouldReachOtherInstancesAlsoAfterAChange() throws Exception {
        KeyPair first = pair("EC", 256);
        write("c.pem", certificate(first, "SHA256withECDSA", 1));
        write("k.pem", key(first));
        ServedTls tls = new ServedTls(folder.resolve("c.pem"), folder.resolve("k.pem"));
        SSLContext peer = tls.clientContext();
        KeyPair second = pair("EC", 256);
        try (ServedApi served = new ServedApi(with(tls))) {
            assertThat(live(peer, served.api().port())).isEqualTo(200);

            write("c.pem", certificate(second, "SHA256withECDSA", 2));
            write("k.pem", key(second));
            SSLContext stranger = new ServedTls(folder.resolve("c.pem"), folder.resolve("k.pem")).clientContext();
            assertThatIOException().isThrownBy(() -> live(stranger, served.api().port()));
            tls.look();
            assertThat(live(peer, served.api().port())).isEqualTo(200);
            assertThat(live(stranger, served.api().port())).isEqualTo(200);
        }
    }

    private static int live(SSLContext context, int port) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newBuilder().sslContext(context).build()) {
            return client.send(
                            HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + "/health/live"))
                                    .build(),
                            HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        }
    }

    private static Security with(ServedTls tls) {
        Security open = Security.open(() -> ServedApi.NOW);
        return new Security(
                open.tokens(),
                open.instances(),
                open.tickets(),
                open.rateLimit(),
                open.ownNames(),
                open.metricsOpen(),
                open.corsOrigins(),
                Optional.of(tls));
    }

    @Test
    void shouldSayWhatIsWrongWithFilesAndShowNothingOfThem() throws Exception {
        KeyPair ec = pair("EC", 256);
        String certificate = certificate(ec, "SHA256withECDSA", 1);
        refused(certificate, key(pair("EC", 256)), "the key is not the certificate's");
        refused(certificate, key(pair("RSA", 2048)), "the key does not fit the certificate, which has one for EC");
        refused(certificate, certificate, "no unencrypted PKCS#8 key");
        refused(certificate, key(ec).replace("PRIVATE KEY", "EC PRIVATE KEY"), "no unencrypted PKCS#8 key");
        refused("", key(ec), "no certificate");
        refused(key(ec), key(ec), "no certificate");
        assertThatIOException()
                .isThrownBy(() -> new ServedTls(folder.resolve("none"), folder.resolve("none")))
                .withMessageEndingWith("none does not exist");
    }

    private void refused(String certificate, String key, String because) throws IOException {
        write("c.pem", certificate);
        write("k.pem", key);
        assertThatIOException()
                .isThrownBy(() -> new ServedTls(folder.resolve("c.pem"), folder.resolve("k.pem")))
                .withMessageContaining(because)
                .withMessageNotContaining("MI");
    }

    private record Served(long serial, String answer) {}

    private static Served get(int port, String protocol) throws GeneralSecurityException, IOException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustsAnything()}, null);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
            socket.setEnabledProtocols(new String[] {protocol});
            socket.getOutputStream()
                    .write("GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            X509Certificate shown = (X509Certificate) socket.getSession().getPeerCertificates()[0];
            String answer = new String(readAll(socket), StandardCharsets.UTF_8);
            return new Served(shown.getSerialNumber().longValueExact(), answer);
        }
    }

    private static byte[] readAll(SSLSocket socket) throws IOException {
        try {
            return socket.getInputStream().readAllBytes();
        } catch (SSLException e) {
            throw new IOException("closed without a word", e);
        }
    }

    private static KeyPair pair(String algorithm, int bits) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(bits);
        return generator.generateKeyPair();
    }

    /** A certificate that is valid for so many seconds more than this century as its number. */
    private static String certificate(KeyPair pair, String signature, int serial)
            throws OperatorCreationException, IOException {
        X500Principal name = new X500Principal("CN=localhost");
        return pem(
                "CERTIFICATE",
                new JcaX509v3CertificateBuilder(
                                name,
                                BigInteger.valueOf(serial),
                                Date.from(Instant.EPOCH),
                                Date.from(CENTURY.plusSeconds(serial)),
                                name,
                                pair.getPublic())
                        .addExtension(
                                Extension.subjectAlternativeName,
                                false,
                                new GeneralNames(new GeneralName(GeneralName.iPAddress, "127.0.0.1")))
                        .build(new JcaContentSignerBuilder(signature).build(pair.getPrivate()))
                        .getEncoded());
    }

    private static String key(KeyPair pair) {
        return pem("PRIVATE KEY", pair.getPrivate().getEncoded());
    }

    private static String pem(String kind, byte[] der) {
        return "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder().encodeToString(der) + "\n-----END " + kind
                + "-----\n";
    }

    private void write(String file, String content) throws IOException {
        Files.writeString(folder.resolve(file), content);
    }

    /** Whom the server is is looked at by the test itself. */
    private static final class TrustsAnything implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
