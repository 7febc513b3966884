use aurora_core::page::{Page, PageRequest};

use super::Scheduling;
use crate::context::Context;
use crate::error::Error;
use crate::scheduling::sql::rooms as sql;
use crate::scheduling::{Listed, NewRoom, Room, RoomChange, RoomId};

/// Rooms.
impl Scheduling {
    /// Makes a room.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `AlreadyExists` when an active one has the name; `NotFound` for a workspace that there
    /// is not.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it either made or not made, as with every change here.
    pub async fn create_room(&self, context: &Context, new: NewRoom) -> Result<Room, Error> {
        let room = new.check(self.store.now())?;
        let work = sql::insert(&self.store, context, room);
        self.store.run(context, "scheduling.create_room", work).await
    }

    /// One room, active or not.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn room(&self, context: &Context, id: RoomId) -> Result<Room, Error> {
        let work = sql::get(&self.store, context, id);
        self.store.run(context, "scheduling.room", work).await
    }

    /// One page of rooms, in order of their names without regard to case.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn rooms(
        &self,
        context: &Context,
        listed: Listed,
        page: &PageRequest,
    ) -> Result<Page<Room>, Error> {
        let work = sql::page(&self.store, context, listed, page);
        self.store.run(context, "scheduling.rooms", work).await
    }

    /// Changes a room that is still at the version that the caller has seen.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` with every wrong field; `AlreadyExists` when another active one
    /// has the name.
    pub async fn update_room(
        &self,
        context: &Context,
        id: RoomId,
        expected_version: i64,
        change: RoomChange,
    ) -> Result<Room, Error> {
        let apply = |room: &Room| change.apply(room);
        let work = sql::change(&self.store, context, id, expected_version, "room.updated", apply);
        self.store.run(context, "scheduling.update_room", work).await
    }

    /// Makes it bookable, or not bookable any more; what is booked stays.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `AlreadyExists` when another active one has the name by now.
    pub async fn set_room_active(
        &self,
        context: &Context,
        id: RoomId,
        expected_version: i64,
        active: bool,
    ) -> Result<Room, Error> {
        let action = if active {
            "room.activated"
        } else {
            "room.deactivated"
        };
        let apply = |room: &Room| {
            let mut changed = room.clone();
            changed.active = active;
            Ok(changed)
        };
        let work = sql::change(&self.store, context, id, expected_version, action, apply);
        self.store.run(context, "scheduling.set_room_active", work).await
    }

    /// Deletes a room that nothing was ever booked in; otherwise deactivate it.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` with `id` `in_use` when something refers to it.
    pub async fn delete_room(
        &self,
        context: &Context,
        id: RoomId,
        expected_version: i64,
    ) -> Result<(), Error> {
        let work = sql::delete(&self.store, context, id, expected_version);
        self.store.run(context, "scheduling.delete_room", work).await
    }
}
