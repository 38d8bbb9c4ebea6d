/** Every operation there is. REST routes, WebSocket operations and the OpenAPI document are made from this list. */
import type { Operation } from '../operation.ts';
import { accountLogin } from './account-login.ts';
import { accountLogout } from './account-logout.ts';
import { accountMe } from './account-me.ts';
import { accountRefresh } from './account-refresh.ts';
import { accountRegister } from './account-register.ts';
import { commentCreate } from './comment-create.ts';
import { commentDelete } from './comment-delete.ts';
import { commentList } from './comment-list.ts';
import { feedRead } from './feed-read.ts';
import { followCreate } from './follow-create.ts';
import { followRemove } from './follow-remove.ts';
import { notificationList } from './notification-list.ts';
import { notificationRead } from './notification-read.ts';
import { postCreate } from './post-create.ts';
import { postDelete } from './post-delete.ts';
import { postEdit } from './post-edit.ts';
import { postLike } from './post-like.ts';
import { postRead } from './post-read.ts';
import { postRevalidate } from './post-revalidate.ts';
import { postTyping } from './post-typing.ts';
import { postUnlike } from './post-unlike.ts';
import { profileAvatarUpload } from './profile-avatar-upload.ts';
import { profileEdit } from './profile-edit.ts';
import { profileRead } from './profile-read.ts';
import { profileReadByUsername } from './profile-read-by-username.ts';
import { syncRead } from './sync-read.ts';
import { uploadComplete } from './upload-complete.ts';
import { userFollowers } from './user-followers.ts';
import { userFollowing } from './user-following.ts';
import { userPosts } from './user-posts.ts';

export const catalogue: readonly Operation[] = [
  accountRegister,
  accountLogin,
  accountRefresh,
  accountLogout,
  accountMe,
  profileEdit,
  profileAvatarUpload,
  profileRead,
  profileReadByUsername,
  followCreate,
  followRemove,
  userFollowers,
  userFollowing,
  postCreate,
  postRead,
  postEdit,
  postDelete,
  postRevalidate,
  userPosts,
  uploadComplete,
  feedRead,
  syncRead,
  postLike,
  postUnlike,
  postTyping,
  commentCreate,
  commentDelete,
  commentList,
  notificationList,
  notificationRead,
];
