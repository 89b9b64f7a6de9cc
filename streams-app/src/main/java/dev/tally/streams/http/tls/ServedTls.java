package dev.tally.streams.http.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS 1.2 and 1.3 with a certificate and key of two PEM files. When the files change, new connections get what is in them then; those that are open
 * go on. What cannot be used (one file is written before the other, or broken) leaves what is served as it is, and is looked at again.
 */
public final class ServedTls implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ServedTls.class);
    private static final int LOOK_EVERY_SECONDS = 10;
    private static final int MAX_BYTES = 1 << 20;

    private final Path certificate;
    private final Path key;
    private final SslContextFactory.Server factory = new SslContextFactory.Server();
    private final ScheduledExecutorService looking = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("tls-files").factory());
    private final PeerTrust peers;
    private PemFiles served;
    private volatile Instant notAfter;
    private volatile boolean current = true;

    /** What is in the two files. Never to be shown. */
    private static final class PemFiles {
        private final byte[] certificate;
        private final byte[] key;

        private PemFiles(byte[] certificate, byte[] key) {
            this.certificate = certificate;
            this.key = key;
        }

        private boolean isSame(PemFiles other) {
            return Arrays.equals(certificate, other.certificate) && Arrays.equals(key, other.key);
        }
    }

    /**
     * TLS that can be served.
     *
     * @throws IOException when a file cannot be read or used, saying why and nothing of its content
     */
    public ServedTls(Path certificate, Path key) throws IOException {
        this.certificate = certificate;
        this.key = key;
        this.served = read();
        PemIdentity identity = PemIdentity.of(served.certificate, served.key);
        this.notAfter = identity.notAfter();
        try {
            this.peers = new PeerTrust(identity.chain());
        } catch (GeneralSecurityException e) {
            throw new IOException(
                    "the certificates cannot be trusted: " + e.getClass().getName(), e);
        }
        factory.setIncludeProtocols("TLSv1.3", "TLSv1.2");
        give(factory, identity);
    }

    /** What listens, where it is told to; the files are looked at from now on. */
    public ServerConnector connector(Server server, HttpConfiguration plain) {
        HttpConfiguration http = new HttpConfiguration(plain);
        // The name a caller used is not compared with the certificate: instances and probes come by addresses.
        http.addCustomizer(new SecureRequestCustomizer(false));
        ServerConnector connector = new ServerConnector(
                server, new SslConnectionFactory(factory, "http/1.1"), new HttpConnectionFactory(http));
        var unused =
                looking.scheduleWithFixedDelay(this::look, LOOK_EVERY_SECONDS, LOOK_EVERY_SECONDS, TimeUnit.SECONDS);
        return connector;
    }

    /** Looks whether the files have changed, and serves what is in them. Happens by itself once it is served. */
    public synchronized void look() {
        try {
            PemFiles now = read();
            if (now.isSame(served)) {
                current = true;
                return;
            }
            PemIdentity identity = PemIdentity.of(now.certificate, now.key);
            factory.reload(reloaded -> give((SslContextFactory.Server) reloaded, identity));
            peers.change(identity.chain());
            served = now;
            notAfter = identity.notAfter();
            current = true;
            log.atInfo().addKeyValue("notAfter", notAfter).log("A new certificate is served");
        } catch (Exception e) {
            if (current) {
                log.atError()
                        .addKeyValue(
                                "reason",
                                e instanceof IOException
                                        ? e.getMessage()
                                        : e.getClass().getName())
                        .log("The certificate's files cannot be used; the one before is served on");
            }
            current = false;
        }
    }

    /**
     * For calls to other instances, which are served by TLS too: it believes certificates of authorities that Java knows, and those in the
     * certificate's file, as that changes.
     */
    public SSLContext clientContext() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {peers}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has TLS", e);
        }
    }

    /** Whether what is served is what is in the files. */
    public boolean isCurrent() {
        return current;
    }

    /** Until when the certificate that is served is valid. */
    public Instant notAfter() {
        return notAfter;
    }

    @Override
    public void close() {
        looking.shutdownNow();
    }

    private PemFiles read() throws IOException {
        return new PemFiles(bytes(certificate), bytes(key));
    }

    private static byte[] bytes(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new IOException(file + " is too large for a PEM file");
            }
            return bytes;
        } catch (NoSuchFileException e) {
            throw new IOException(file + " does not exist");
        }
    }

    private static void give(SslContextFactory.Server factory, PemIdentity identity) {
        factory.setKeyStore(identity.keyStore());
        factory.setKeyStorePassword(PemIdentity.PASSWORD);
    }
}
