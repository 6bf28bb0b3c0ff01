//! RabbitMQ beside the table: the table is the outbox, a message is the id of a job that is ready.
//!
//! One thread of a process publishes what is ready, with confirms, and receives for its workers; they claim in the table
//! and the message is acknowledged. While the broker is away they look into the table as if there were none. A message
//! that is lost is sent again, one that comes twice finds nothing to claim.

mod tls;

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::select_all;

use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Acker, BasicProperties, Channel, Connection, ConnectionProperties, Consumer};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Next, Transport, outbox};
use crate::config::Secret;
use crate::db::{Db, Signal};
use crate::error::{Error, Errors};
use crate::queue::Stop;
use tls::Tls;

/// Between two looks for commits of this process, and for jobs that others have made ready.
const TICK: Duration = Duration::from_millis(10);
const POLL: Duration = Duration::from_secs(1);
/// Between two looks for messages that were lost.
const SWEEP: Duration = Duration::from_secs(5);
/// A message that was published so long ago is lost when the broker's queue is empty, or after this time in any case.
const LOST_FROM_EMPTY: Duration = Duration::from_secs(10);
const LOST: Duration = Duration::from_secs(300);
/// Before another attempt to reach the broker.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the broker may take for an answer.
const SILENCE: Duration = Duration::from_secs(10);
/// Messages that a process has at a time for each worker.
const AHEAD: usize = 64;
/// The most urgent of the priorities (contract 28).
const PRIORITIES: u8 = 4;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What the workers of a process and the thread that talks to the broker share.
pub struct RabbitMq {
    broker: AMQPUri,
    /// `None`: the broker is spoken to in clear.
    tls: Option<Tls>,
    poll_interval: Duration,
    arrived: Signal,
    connected: AtomicBool,
    inbox: Mutex<Inbox>,
    settled: UnboundedSender<Acker>,
    to_acknowledge: Mutex<UnboundedReceiver<Acker>>,
}

#[derive(Default)]
struct Inbox {
    /// Told of, and not asked for yet.
    waiting: VecDeque<i64>,
    /// The messages that told of those, and of those that a worker is claiming.
    messages: HashMap<i64, Acker>,
}

impl RabbitMq {
    /// Fails with a sentence about a URL or a file that cannot be used. `authorities`: certificates in PEM that are trusted
    /// in place of the system's.
    pub fn new(url: &Secret, authorities: Option<&Path>, poll_interval: Duration) -> Result<RabbitMq, String> {
        let broker: AMQPUri = url.reveal().parse().map_err(|_| {
            "queue.rabbitmq_url must be a URL such as amqp://user:password@host:5672/vhost, or amqps://….".to_owned()
        })?;
        let tls = match broker.scheme {
            AMQPScheme::AMQPS => Some(Tls::new(&broker.authority.host, authorities)?),
            AMQPScheme::AMQP if authorities.is_some() => {
                return Err("queue.rabbitmq_ca is for a queue.rabbitmq_url that begins with amqps:.".to_owned());
            }
            AMQPScheme::AMQP => None,
        };
        let (settled, to_acknowledge) = unbounded_channel();
        Ok(RabbitMq {
            broker,
            tls,
            poll_interval,
            arrived: Signal::default(),
            connected: AtomicBool::new(false),
            inbox: Mutex::default(),
            settled,
            to_acknowledge: Mutex::new(to_acknowledge),
        })
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Talks to the broker until the end is wished.
    pub fn talk(&self, db: &Db, queues: &[String], workers: usize, stop: &Stop) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                return tracing::error!(%error, "there is no talking to RabbitMQ; jobs are taken from the table");
            }
        };
        let mut told = false;
        while !stop.is_wished() {
            let ended = runtime.block_on(self.connected(db, queues, workers, stop));
            self.connected.store(false, Ordering::Release);
            // Without their connection they cannot be acknowledged, and come again.
            *self.inbox() = Inbox::default();
            self.arrived.give();
            match ended {
                Ok(()) => told = false,
                Err(error) if told => tracing::debug!(%error, "RabbitMQ is still away"),
                Err(error) => {
                    told = true;
                    tracing::warn!(%error, "RabbitMQ is away; jobs are taken from the table meanwhile");
                }
            }
            stop.sleep(PAUSE);
        }
    }

    async fn connected(&self, db: &Db, queues: &[String], workers: usize, stop: &Stop) -> Result<(), Failure> {
        let properties = ConnectionProperties::default().with_connection_name("entrepot".into());
        let connection = patiently(async {
            let broker = self.broker.clone();
            Ok(match &self.tls {
                Some(tls) => Connection::connect_uri_with_runtime(broker, properties, tls.runtime()).await?,
                None => Connection::connect_uri(broker, properties).await?,
            })
        })
        .await?;
        let (publishing, consumers) = patiently(self.open(&connection, queues, workers)).await?;
        let mut deliveries = select_all(consumers);
        self.connected.store(true, Ordering::Release);
        tracing::info!("RabbitMQ tells of jobs");
        let (mut seen, mut published, mut swept) = (None, Instant::now(), Instant::now());
        while !stop.is_wished() {
            if seen != Some(db.announced().count()) || published.elapsed() > POLL {
                (seen, published) = (Some(db.announced().count()), Instant::now());
                self.publish(db, queues, &publishing).await?;
            }
            if swept.elapsed() > SWEEP {
                swept = Instant::now();
                patiently(self.sweep(db, queues, &publishing)).await?;
            }
            patiently(self.acknowledge()).await?;
            tokio::select! {
                delivery = deliveries.next() => self.receive(delivery.ok_or("The broker has ended the consumer.")??),
                () = tokio::time::sleep(TICK) => {}
            }
        }
        // What was not claimed goes to others.
        connection.close(200, "The process ends.".into()).await?;
        Ok(())
    }

    /// The channel to publish on, and who receives of each queue.
    async fn open(
        &self,
        connection: &Connection,
        queues: &[String],
        workers: usize,
    ) -> Result<(Channel, Vec<Consumer>), Failure> {
        let (publishing, consuming) = (connection.create_channel().await?, connection.create_channel().await?);
        publishing.confirm_select(ConfirmSelectOptions::default()).await?;
        let ahead = u16::try_from(AHEAD * workers).unwrap_or(u16::MAX);
        consuming.basic_qos(ahead, BasicQosOptions::default()).await?;
        let mut consumers = Vec::new();
        for queue in queues {
            let mut arguments = FieldTable::default();
            arguments.insert("x-max-priority".into(), AMQPValue::ShortShortUInt(PRIORITIES));
            consuming.queue_declare(name(queue).as_str().into(), QueueDeclareOptions::durable(), arguments).await?;
            let options = BasicConsumeOptions::default();
            consumers.push(
                consuming.basic_consume(name(queue).as_str().into(), "".into(), options, FieldTable::default()).await?,
            );
        }
        Ok((publishing, consumers))
    }

    async fn publish(&self, db: &Db, queues: &[String], channel: &Channel) -> Result<(), Failure> {
        loop {
            let ready = db.transaction_now::<_, Errors>(|conn| Ok(outbox::take(conn, queues)?))?;
            if ready.is_empty() {
                return Ok(());
            }
            if let Err(error) = patiently(tell(channel, &ready)).await {
                let ids: Vec<i64> = ready.iter().map(|job| job.id).collect();
                db.transaction_now::<_, Errors>(|conn| Ok(outbox::forget(conn, &ids)?))?;
                return Err(error);
            }
        }
    }

    async fn sweep(&self, db: &Db, queues: &[String], channel: &Channel) -> Result<(), Failure> {
        let here: Vec<i64> = self.inbox().messages.keys().copied().collect();
        for queue in queues {
            let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::durable() };
            let known = channel.queue_declare(name(queue).as_str().into(), passive, FieldTable::default()).await?;
            let age = if known.message_count() == 0 { LOST_FROM_EMPTY } else { LOST };
            db.transaction_now::<_, Errors>(|conn| Ok(outbox::tell_again(conn, queue, age, &here)?))?;
        }
        Ok(())
    }

    fn receive(&self, delivery: Delivery) {
        let id = std::str::from_utf8(&delivery.data).ok().and_then(|text| text.parse().ok());
        let Some(id) = id else {
            tracing::warn!("a message of RabbitMQ is no job's id, and is dropped");
            return self.settled(delivery.acker);
        };
        let mut inbox = self.inbox();
        inbox.waiting.push_back(id);
        let before = inbox.messages.insert(id, delivery.acker);
        drop(inbox);
        // The same job was told of twice: the later message is kept.
        before.into_iter().for_each(|acker| self.settled(acker));
        self.arrived.give();
    }

    fn settled(&self, acker: Acker) {
        // The receiver lives as long as this.
        let _ = self.settled.send(acker);
    }

    async fn acknowledge(&self) -> Result<(), Failure> {
        loop {
            let next = self.to_acknowledge.lock().unwrap_or_else(PoisonError::into_inner).try_recv();
            let Ok(acker) = next else { return Ok(()) };
            // False: it came by a connection that has ended since.
            acker.ack(BasicAckOptions::default()).await?;
        }
    }
}

impl Transport for RabbitMq {
    fn signal(&self) -> &Signal {
        &self.arrived
    }

    fn next(&self, most: usize) -> Next {
        if !self.connected.load(Ordering::Acquire) {
            return Next::Queues;
        }
        let mut inbox = self.inbox();
        let count = inbox.waiting.len().min(most);
        Next::These(inbox.waiting.drain(..count).collect())
    }

    fn settle(&self, seen_to: &[i64], left: &[i64]) {
        let mut inbox = self.inbox();
        for id in left.iter().rev() {
            inbox.waiting.push_front(*id);
        }
        let ackers: Vec<Acker> = seen_to.iter().filter_map(|id| inbox.messages.remove(id)).collect();
        drop(inbox);
        ackers.into_iter().for_each(|acker| self.settled(acker));
        if !left.is_empty() {
            self.arrived.give();
        }
    }

    fn patience(&self) -> Duration {
        self.poll_interval
    }
}

/// A broker that is silent for too long is as good as away.
async fn patiently<T>(talk: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(SILENCE, talk).await.map_err(|_| "The broker gives no answer.")?
}

/// The name of a queue at the broker.
fn name(queue: &str) -> String {
    format!("entrepot.{queue}")
}

/// Publishes to the disk of the broker, and waits until it has confirmed.
async fn tell(channel: &Channel, ready: &[outbox::Ready]) -> Result<(), Failure> {
    let mut confirms = Vec::new();
    for job in ready {
        let priority = u8::try_from(job.priority).unwrap_or_default().min(PRIORITIES);
        let properties = BasicProperties::default().with_delivery_mode(2).with_priority(priority);
        let (queue, body) = (name(&job.queue), job.id.to_string());
        let options = BasicPublishOptions::default();
        confirms
            .push(channel.basic_publish("".into(), queue.as_str().into(), options, body.as_bytes(), properties).await?);
    }
    for confirm in confirms {
        if !confirm.await?.is_ack() {
            return Err(Error::internal("RabbitMQ refused a message").into());
        }
    }
    Ok(())
}
