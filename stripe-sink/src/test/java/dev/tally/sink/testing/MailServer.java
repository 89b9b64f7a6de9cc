package dev.tally.sink.testing;

import com.icegreen.greenmail.Managers;
import com.icegreen.greenmail.server.AbstractServer;
import com.icegreen.greenmail.server.ProtocolHandler;
import com.icegreen.greenmail.smtp.SmtpServer;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import java.io.IOException;
import java.net.Socket;
import java.util.Map;

/**
 * Takes mails on a free port of 127.0.0.1, once started. A client that hangs up in the middle of one ends its connection and nothing
 * else: GreenMail's own server lets the connection's thread die of it, and Awaitility fails whichever test waits for something then.
 */
public final class MailServer extends GreenMail implements AutoCloseable {

    public MailServer() {
        super(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
    }

    public int port() {
        return getSmtp().getPort();
    }

    @Override
    protected Map<String, AbstractServer> createServices(ServerSetup[] setups, Managers managers) {
        return Map.of(ServerSetup.PROTOCOL_SMTP, new SmtpServer(setups[0], managers) {
            @Override
            protected ProtocolHandler createProtocolHandler(Socket client) {
                return new Connection(super.createProtocolHandler(client));
            }
        });
    }

    @Override
    public void close() {
        stop();
    }

    private record Connection(ProtocolHandler handler) implements ProtocolHandler {
        @Override
        public void run() {
            try {
                handler.run();
            } catch (IllegalStateException failure) {
                if (!(failure.getCause() instanceof IOException)) {
                    throw failure;
                }
            }
        }

        @Override
        public void close() {
            handler.close();
        }
    }
}
