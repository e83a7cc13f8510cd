//! What a shell asks for.

use super::{Opened, PERSONAL};
use crate::actor::Actor;
use crate::conversation::Conversation;
use crate::{Error, Handle};
use p2p_comm_model::{Code, Content, PeerId, Remembered, Retention, SealedBy, limits};
use p2p_comm_store::{Change, Forgotten, Passphrase, Seal, Vault};
use std::path::PathBuf;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

impl Handle {
    /// Whether anything is kept, and how.
    pub async fn remembered(&self) -> Result<Remembered, Error> {
        self.call(|actor| actor.remembered()).await
    }

    /// Keeps me and my peers on this computer from now on, sealed by `passphrase`, or by the keychain of the system. Messages
    /// are kept only where that is chosen ([`Handle::set_retention`]). The kept device key is used from the next Connect on.
    /// May wait for the person, whom the keychain asks.
    pub async fn remember(&self, passphrase: Option<&str>) -> Result<(), Error> {
        let (vault, seal) = (self.closed_vault().await?, seal(passphrase)?);
        let opened = blocking(move || Opened::create(&vault, &seal)).await?;
        self.call(move |actor| actor.begin_keeping(opened)).await?;
        self.flush().await
    }

    /// Opens what is kept, with its passphrase if it has one. Only while offline and before anybody was added
    /// ([`Code::AlreadyConnected`], [`Code::ListNotEmpty`]). May wait for the person, whom the keychain asks; if they give up
    /// meanwhile ([`Handle::start_without`]), it stays closed ([`Code::KeychainRefused`]).
    pub async fn unlock(&self, passphrase: Option<&str>) -> Result<(), Error> {
        let (vault, seal) = (self.closed_vault().await?, seal(passphrase)?);
        let given_up = self.call(|actor| actor.keep.given_up).await?;
        let opened = blocking(move || Ok(Box::new(Opened::open(&vault, &seal)?))).await?;
        match self.call(move |actor| actor.adopt(opened, given_up)).await? {
            Ok(()) => Ok(()),
            // Not where everything else would wait for the disk.
            Err((code, opened)) => {
                blocking(move || {
                    drop(opened);
                    Ok(())
                })
                .await?;
                Err(code.into())
            }
        }
    }

    /// What is kept stays closed: whatever opens it at the moment, such as a keychain that asks the person, comes too late.
    pub async fn start_without(&self) -> Result<(), Error> {
        self.call(|actor| actor.keep.given_up += 1).await
    }

    /// Seals the open store by another passphrase, or by the keychain. After [`Code::KeyLeft`] it is sealed so, too.
    pub async fn reseal(&self, passphrase: Option<&str>) -> Result<(), Error> {
        let (vault, seal) = (self.vault().await?, seal(passphrase)?);
        let by = if passphrase.is_some() { SealedBy::Passphrase } else { SealedBy::Keychain };
        let (done, result) = oneshot::channel();
        self.try_call(move |actor| {
            let open = actor.keep.open().ok_or(Code::NotRemembered)?;
            open.errand(move |store| drop(done.send(store.unsealed())));
            Ok(())
        })
        .await?;
        let unsealed = result.await.map_err(|_| Error::from(Code::StoreFailed))?;
        // The keychain may ask the person: no message waits for that.
        let resealed = blocking(move || Ok(vault.reseal(&unsealed, &seal)?)).await;
        if !matches!(&resealed, Err(error) if error.code != Code::KeyLeft) {
            self.call(move |actor| {
                if let Some(open) = actor.keep.open() {
                    open.sealed = by;
                }
                actor.changes.status();
            })
            .await?;
        }
        resealed
    }

    /// Removes everything that is kept: keys, password, files; gives the list of it. What is in memory stays until the program
    /// ends. Needs no passphrase.
    pub async fn forget_everything(&self) -> Result<Vec<Forgotten>, Error> {
        let vault = self.vault().await?;
        if let Some(closed) = self.call(|actor| actor.stop_keeping()).await? {
            let _ = closed.await;
        }
        let forgotten = blocking(move || Ok(vault.forget()?)).await;
        self.call(|actor| {
            actor.look_again();
        })
        .await?;
        forgotten
    }

    /// Makes room for a new store where one cannot be used (damaged, or of a newer version): renames it. One that is open and cannot be
    /// written is closed before, and what waited for it is kept nowhere; one that works stays ([`Code::AlreadyRemembered`]). What is in
    /// memory stays until the program ends. Gives the new names.
    pub async fn set_store_aside(&self) -> Result<Vec<PathBuf>, Error> {
        let vault = self.vault().await?;
        let closing = self.try_call(|actor| match actor.keep.open().map(|open| open.trouble) {
            Some(None) => Err(Code::AlreadyRemembered),
            Some(Some(_)) => Ok(actor.stop_keeping()),
            None => Ok(None),
        });
        if let Some(closed) = closing.await? {
            let _ = closed.await;
        }
        let names = blocking(move || Ok(vault.set_aside()?)).await;
        self.call(|actor| {
            actor.look_again();
        })
        .await?;
        names
    }

    /// Waits until everything so far is kept, also what could not be kept before. At once where nothing is; fails where it
    /// cannot be kept now.
    pub async fn flush(&self) -> Result<(), Error> {
        let (done, kept) = oneshot::channel();
        self.call(move |actor| match actor.keep.open() {
            Some(open) => {
                open.waiting.push(done);
                open.now();
            }
            None => drop(done.send(Ok(()))),
        })
        .await?;
        kept.await.unwrap_or(Ok(()))
    }

    /// For the end of the program: ends the session, keeps what is not kept yet, and closes the store. Whoever exits without
    /// it takes the cipher library from under a thread that works with it. Fails where the rest cannot be kept now.
    pub async fn close(&self) -> Result<(), Error> {
        self.disconnect().await?;
        self.call(|actor| {
            actor.purge_all();
            if let Some(open) = actor.keep.open() {
                open.ending = true;
            }
        })
        .await?;
        let kept = self.flush().await;
        if let Some(closed) = self.call(|actor| actor.keep.close()).await? {
            let _ = closed.await;
        }
        kept
    }

    /// How long lines are kept: of one conversation (none: as for all), or of all that say nothing themselves. Deletes at once
    /// what is not to be kept any more (what is too old some minutes after the clock was set); what is in memory stays there.
    /// Lines that were not read, and ours that wait to be delivered, become as old as they like.
    pub async fn set_retention(&self, peer: Option<PeerId>, retention: Option<Retention>) -> Result<(), Error> {
        self.try_call(move |actor| actor.set_retention(peer, retention)).await?;
        self.flush().await
    }

    /// From now on messages of this conversation disappear on both sides: so long after they came or were acknowledged, s, at
    /// most [`limits::LIFE`]; none: they stay. Fails with [`Code::VanishUnsupported`] unless the peer's app is known to do so.
    pub async fn set_vanishing(&self, peer: PeerId, after: Option<u32>) -> Result<(), Error> {
        self.try_call(move |actor| actor.set_vanishing(peer, after)).await
    }

    /// Deletes the lines of a conversation, here alone, in memory and in the store. What waits to be sent is still sent. Where
    /// the store cannot be written nothing is deleted.
    pub async fn clear_conversation(&self, peer: PeerId) -> Result<(), Error> {
        self.flush().await?;
        self.try_call(move |actor| actor.clear_conversation(peer)).await?;
        self.flush().await
    }

    /// The personal settings of the shell, as it kept them; none where nothing is kept.
    pub async fn personal_settings(&self) -> Result<Option<String>, Error> {
        self.call(|actor| actor.keep.personal.clone()).await
    }

    /// Keeps personal settings of the shell: a JSON text of at most [`limits::PERSONAL`] bytes.
    pub async fn set_personal_settings(&self, json: &str) -> Result<(), Error> {
        let json = json.to_owned();
        self.try_call(move |actor| {
            if json.len() > limits::PERSONAL || serde_json::from_str::<serde::de::IgnoredAny>(&json).is_err() {
                return Err(Code::Internal);
            }
            let open = actor.keep.open().ok_or(Code::NotRemembered)?;
            open.keep([Change::Setting(PERSONAL.to_owned(), Some(json.clone()))]);
            actor.keep.personal = Some(json);
            Ok(())
        })
        .await
    }

    /// The shared password, if the person had the keychain keep it.
    pub async fn remembered_password(&self) -> Result<Option<Zeroizing<String>>, Error> {
        let vault = self.vault().await?;
        blocking(move || Ok(vault.password()?)).await
    }

    /// Gives the shared password to the keychain, and to nothing else.
    pub async fn remember_password(&self, password: &str) -> Result<(), Error> {
        let (vault, password) = (self.vault().await?, Zeroizing::new(password.to_owned()));
        blocking(move || Ok(vault.remember_password(&password)?)).await
    }

    /// Takes it back. Says whether it was there.
    pub async fn forget_password(&self) -> Result<bool, Error> {
        let vault = self.vault().await?;
        blocking(move || Ok(vault.forget_password()?)).await
    }

    /// The vault, unless we have it open already.
    async fn closed_vault(&self) -> Result<Vault, Error> {
        let open = self.call(|actor| actor.keep.open().is_some()).await?;
        if open { Err(Code::AlreadyRemembered.into()) } else { self.vault().await }
    }

    pub(super) async fn vault(&self) -> Result<Vault, Error> {
        self.try_call(|actor| actor.keep.vault.clone().ok_or(Code::NotRemembered)).await
    }
}

/// Runs what may wait for a disk or a person.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::stopped())?
}

fn seal(passphrase: Option<&str>) -> Result<Seal, Error> {
    Ok(match passphrase {
        Some(text) => Seal::Passphrase(Passphrase::parse(text)?),
        None => Seal::Keychain,
    })
}

impl Actor {
    /// From now on nothing is kept; what waited for the store goes.
    fn stop_keeping(&mut self) -> Option<oneshot::Receiver<()>> {
        for conversation in self.conversations.values_mut() {
            conversation.keep(false);
        }
        let closing = self.keep.close();
        self.node.set_keeping(self.now(), false);
        self.changes.status();
        closing
    }

    /// What is there now that it was changed from outside.
    fn look_again(&mut self) {
        self.keep = super::Keep { given_up: self.keep.given_up, ..super::Keep::new(self.keep.vault.take()) };
        self.wait_for_expiry();
        self.changes.status();
    }

    fn set_retention(&mut self, peer: Option<PeerId>, retention: Option<Retention>) -> Result<(), Code> {
        self.keep.profile().ok_or(Code::NotRemembered)?;
        match peer {
            Some(peer) => self.choose(peer, |choices| choices.retention = retention)?,
            None => self.keep_profile(|profile| profile.retention = retention.unwrap_or_default()),
        }
        for peer in self.peers_with_lines() {
            self.keep_conversation(peer);
        }
        // A draft is a message, too, also where there is no line yet.
        for peer in self.people() {
            self.keep_peer(peer);
        }
        self.expire();
        self.changes.status();
        Ok(())
    }

    fn set_vanishing(&mut self, peer: PeerId, after: Option<u32>) -> Result<(), Code> {
        if after.is_some_and(|after| after == 0 || after > limits::LIFE) {
            return Err(Code::Internal);
        }
        if self.node.can_vanish(peer) != Some(true) {
            self.node.delivery(peer).ok_or(Code::NotFound)?;
            return Err(Code::VanishUnsupported);
        }
        self.send(peer, Content::Vanishing { after })?;
        self.choose(peer, |choices| choices.vanish = after)
    }

    fn clear_conversation(&mut self, peer: PeerId) -> Result<(), Code> {
        self.converse(peer, Conversation::clear).ok_or(Code::NotFound)?;
        self.drop_lines(peer, u64::MAX);
        Ok(())
    }
}
